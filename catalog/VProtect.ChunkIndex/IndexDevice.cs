using System.Runtime.CompilerServices;
using FASTER.core;

namespace VProtect.ChunkIndex;

/// <summary>
/// What FASTER reads and writes through: one file, no segments. Writes go to the page cache and become durable in
/// <see cref="IndexFile.Flush"/>, which a checkpoint calls before it is recorded. FASTER never hears of a failure (it
/// would hang or carry on): the fault is raised, a failed write is dropped, a failed read yields zeros, which is
/// a record that no key matches.
/// </summary>
internal sealed unsafe class IndexDevice(IndexFile file, IndexFault fault, bool holdsRecords)
    : StorageDeviceBase(file.Path, SectorBytes, Devices.CAPACITY_UNSPECIFIED)
{
    private const uint SectorBytes = 512;

    // A record is read by itself, or a few with it; a page of the log is worth a thread.
    private const uint SmallReadBytes = 8192;

    private const int RecordBytes = IndexStore.RecordBytes;

    // All bits of the headers of our records that mean something on disk: link, validity, dirtiness, version.
    private static readonly ulong OrdinaryMarks = MarkAll();

    private int _underWay;

    /// <summary>Our files are never cut in segments, whatever the store asks for.</summary>
    public override void Initialize(long segmentSize, LightEpoch epoch = null!, bool omitSegmentIdFromFilename = false) =>
        base.Initialize(-1, epoch, omitSegmentIdFromFilename);

    public override bool Throttle() => Volatile.Read(ref _underWay) > ThrottleLimit;

    /// <summary>Returns when nothing is being read or written. Others must have stopped asking.</summary>
    public void WaitUntilIdle() => SpinWait.SpinUntil(() => Volatile.Read(ref _underWay) == 0);

    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        Interlocked.Increment(ref _underWay);
        ThreadPool.UnsafeQueueUserWorkItem(
            new Transfer(this, sourceAddress, (long)destinationAddress, numBytesToWrite, isWrite: true, callback, context),
            preferLocal: false);
    }

    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
    {
        if (readLength <= SmallReadBytes && !fault.IsRaised)
        {
            var target = new Span<byte>((void*)destinationAddress, (int)readLength);
            if (file.TryReadCached(target, (long)sourceAddress))
            {
                Disarm(target, (long)sourceAddress);
                callback(0, readLength, context);
                return;
            }
        }

        Interlocked.Increment(ref _underWay);
        ThreadPool.UnsafeQueueUserWorkItem(
            new Transfer(this, destinationAddress, (long)sourceAddress, readLength, isWrite: false, callback, context),
            preferLocal: false);
    }

    public override long GetFileSize(int segment) => file.LengthBytes;

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback?.Invoke(result);

    /// <summary>The log is never cut at its beginning.</summary>
    public override void TruncateUntilAddressAsync(long toAddress, AsyncCallback callback, IAsyncResult result) => callback?.Invoke(result);

    public override void TruncateUntilAddress(long toAddress)
    {
    }

    /// <summary>The file belongs to whoever opened it.</summary>
    public override void Dispose()
    {
    }

    private void Move(IntPtr memory, long offset, uint count, bool isWrite)
    {
        var span = new Span<byte>((void*)memory, (int)count);
        try
        {
            if (fault.IsRaised)
            {
                // After the first failure nothing more is touched: what is on disk is the last checkpoint's.
                if (!isWrite)
                {
                    span.Clear();
                }
            }
            else if (isWrite)
            {
                file.Write(span, offset);
            }
            else
            {
                file.Read(span, offset);
                Disarm(span, offset);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            fault.Raise(exception);
            if (!isWrite)
            {
                span.Clear();
            }
        }
    }

    /// <summary>
    /// A record's checksum covers key and value but not FASTER's own header before them. A damaged header could
    /// send FASTER in circles (it follows the link to the previous record), have it wait for a lock, or have recovery lose
    /// its step. A header that links forward becomes that of a record that does not count and links nowhere. Marks that
    /// mean nothing here are taken off, and the link stays: FASTER seals a record when a new version of it is appended, so a
    /// page that is written later has that mark, and behind the record lie others of its bucket.
    /// </summary>
    private void Disarm(Span<byte> bytes, long offset)
    {
        if (!holdsRecords)
        {
            return;
        }

        for (int at = offset == 0 ? RecordBytes : 0; at + RecordBytes <= bytes.Length; at += RecordBytes)
        {
            ref RecordInfo info = ref Unsafe.As<byte, RecordInfo>(ref bytes[at]);
            Unsafe.As<RecordInfo, ulong>(ref info) &= OrdinaryMarks;
            bool isBad = info.IsNull() ? bytes.Slice(at, RecordBytes).ContainsAnyExcept((byte)0) : info.PreviousAddress >= offset + at;
            if (isBad)
            {
                // Not marked valid. Any address below the first record ends a chain; zero would look like empty space.
                info = default;
                info.WriteInfo(inNewVersion: false, tombstone: false, previousAddress: 1);
            }
        }
    }

    private static ulong MarkAll()
    {
        RecordInfo info = default;
        info.WriteInfo(inNewVersion: true, tombstone: false, previousAddress: (1L << 48) - 1);
        info.SetValid();
        info.SetDirtyAndModified();
        return Unsafe.As<RecordInfo, ulong>(ref info);
    }

    private sealed class Transfer(
        IndexDevice device, IntPtr memory, long offset, uint count, bool isWrite, DeviceIOCompletionCallback callback, object context)
        : IThreadPoolWorkItem
    {
        public void Execute()
        {
            device.Move(memory, offset, count, isWrite);

            // The callback may ask for the next transfer: the device is not idle in between.
            callback(0, count, context);
            Interlocked.Decrement(ref device._underWay);
        }
    }
}
