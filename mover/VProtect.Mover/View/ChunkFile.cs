using System.Buffers;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View;

/// <summary>
/// The second tier of the cache: records of stores that are far, as they were stored, in a local file.
/// <code>
///  fetched, checked ─► queue of 16 MiB ─► writer ─► ChunkRing       evicted from memory, read again ◄─ checked ◄─ ChunkRing
///                      └ full: dropped    └ disk full or failing: aside for ten minutes, reads go on from the store
/// </code>
/// <para>The file has no name from the moment it is there, is never flushed and dies with the process: it is a cache of one run. It is made when there is something to
/// put into it. It lies beside what others need the disk for, so it takes a small part of what is free and gives all of it back when that becomes little.</para>
/// <para>Nothing fails because of it, and no reader waits for its writer. Safe from several threads.</para>
/// </summary>
internal sealed partial class ChunkFile : IDisposable
{
    private const long QueueBytesMax = 16 << 20;

    /// <summary>Less is not worth a file.</summary>
    private const long BytesMin = 4 << 20;

    private const int ShareWhenBegun = 16;
    private const int ShareMax = 10;

    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Aside = TimeSpan.FromMinutes(10);

    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Func<long> _freeBytes;
    private readonly Channel<Fetched> _queue = Channel.CreateUnbounded<Fetched>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private volatile ChunkRing? _ring;
    private ITimer? _looking;
    private bool _isDisposed;
    private long _asideSince;
    private bool _isAside;
    private long _queuedBytes;

    public ChunkFile(ChunkFileOptions options, ILogger log, TimeProvider time)
        : this(options, log, time, () => new DriveInfo(options.Directory).AvailableFreeSpace)
    {
    }

    internal ChunkFile(ChunkFileOptions options, ILogger log, TimeProvider time, Func<long> freeBytes)
    {
        (Options, _log, _time, _freeBytes) = (options, log, time, freeBytes);
        _ = Task.Run(WriteAsync);
    }

    public ChunkFileOptions Options { get; }

    /// <summary>Bytes that it takes on the disk.</summary>
    public long HeldBytes => _ring?.HeldBytes ?? 0;

    /// <summary>Bytes that it may take: before it is there, as many as it was told.</summary>
    public long CapacityBytes => _ring?.CapacityBytes ?? Options.BytesMax;

    /// <summary>Bytes that wait to be written.</summary>
    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Whether it is for stores at this distance.</summary>
    public bool IsFor(StoreDistance distance) => distance == StoreDistance.Service || (distance == StoreDistance.Share && Options.HoldsShares);

    public bool Contains(in ChunkLocation location) => _ring?.Contains(location) ?? false;

    /// <summary>Reads a record, to be checked by the caller; false when it is not there.</summary>
    public bool TryRead(in ChunkLocation location, Span<byte> record)
    {
        try
        {
            return _ring?.TryRead(location, record) ?? false;
        }
        catch (IOException e)
        {
            StepAside(e.Message);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Gives up a record that is not what it must be.</summary>
    public void Forget(in ChunkLocation location) => _ring?.Forget(location);

    /// <summary>Takes records to be written some time. They were checked.</summary>
    /// <param name="buffer">Of the shared pool. The caller's no more when true, and still the caller's when false.</param>
    /// <param name="records">Where they come from, and where they lie in the buffer.</param>
    /// <returns>False when it does not take them: it is behind, or aside.</returns>
    public bool TryKeep(byte[] buffer, List<(ChunkLocation Location, Range Bytes)> records)
    {
        if (records.Count == 0 || IsAside)
        {
            return false;
        }

        if (Interlocked.Add(ref _queuedBytes, buffer.Length) <= QueueBytesMax && _queue.Writer.TryWrite(new Fetched(buffer, records)))
        {
            return true;
        }

        Interlocked.Add(ref _queuedBytes, -buffer.Length);
        return false;
    }

    /// <summary>Gives its space back. What is read or kept meanwhile finds nothing there.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Close();
        }

        _queue.Writer.TryComplete();
    }

    /// <summary>Gives its space back when others have filled the disk.</summary>
    internal void LookAtSpace()
    {
        try
        {
            long held = HeldBytes;
            long free = _freeBytes();
            if (held > (free + held) / ShareMax)
            {
                StepAside(string.Create(CultureInfo.InvariantCulture, $"only {free >> 20} MiB are free"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            StepAside(e.Message);
        }
    }

    private bool IsAside => Volatile.Read(ref _isAside) && _time.GetElapsedTime(Volatile.Read(ref _asideSince)) < Aside;

    private async Task WriteAsync()
    {
        await foreach (Fetched fetched in _queue.Reader.ReadAllAsync())
        {
            try
            {
                if (Open() is { } ring)
                {
                    foreach ((ChunkLocation location, Range bytes) in fetched.Records)
                    {
                        ring.Write(location, fetched.Buffer.AsSpan(bytes));
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                StepAside(e.Message);
            }
            catch (ObjectDisposedException)
            {
                // Aside, or at its end.
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(fetched.Buffer);
                Interlocked.Add(ref _queuedBytes, -fetched.Buffer.Length);
            }
        }
    }

    private ChunkRing? Open()
    {
        lock (_gate)
        {
            if (_ring is not null || _isDisposed || IsAside)
            {
                return _ring;
            }

            Directory.CreateDirectory(Options.Directory);
            long capacity = Math.Min(Options.BytesMax, _freeBytes() / ShareWhenBegun);
            if (capacity < BytesMin)
            {
                throw new IOException(string.Create(CultureInfo.InvariantCulture, $"no more than {capacity >> 10} KiB may be taken in {Options.Directory}"));
            }

            var files = new TemporaryFiles(Options.Directory, "chunks-");
            files.RemoveLeftovers();
            (SafeFileHandle handle, string path) = files.Create();
            PosixFile.Unlink(path);
            _isAside = false;
            _looking = _time.CreateTimer(static file => ((ChunkFile)file!).LookAtSpace(), this, LookPeriod, LookPeriod);
            return _ring = new ChunkRing(handle, capacity);
        }
    }

    private void StepAside(string reason)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            Close();
            if (!_isAside)
            {
                Log.SteppedAside(_log, Options.Directory, reason);
            }

            Volatile.Write(ref _asideSince, _time.GetTimestamp());
            Volatile.Write(ref _isAside, true);
        }
    }

    private void Close()
    {
        _looking?.Dispose();
        _looking = null;
        _ring?.Dispose();
        _ring = null;
    }

    private readonly record struct Fetched(byte[] Buffer, List<(ChunkLocation Location, Range Bytes)> Records);

    private static partial class Log
    {
        [LoggerMessage(2402, LogLevel.Warning, "The file of mounts' cache in {Directory} is given up for now ({Reason}); mounts read from their stores")]
        public static partial void SteppedAside(ILogger logger, string directory, string reason);
    }
}
