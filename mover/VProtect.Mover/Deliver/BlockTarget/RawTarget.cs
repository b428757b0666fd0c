using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>What a file and a block device have in common as targets: positioned reads and writes of one open file.</summary>
internal abstract class RawTarget(SafeFileHandle handle, string path) : IBlockTarget
{
    // Writeback of what is dirty begins each time this much has been written; see LocalFileWriter for what it gains.
    private const long WritebackBytes = 8 << 20;

    // Around the page cache, where the file system can: restoring 3.3 GiB through it cost 11 s of processor time here, mostly in
    // finding and cleaning pages; see perf/README.md.
    private readonly SafeFileHandle? _direct = OpenDirect(handle);
    private long _writtenBytes;

    public string Name => path;

    public bool IsSequential => false;

    public abstract bool IsZeroed { get; }

    public abstract bool CanRead { get; }

    protected SafeFileHandle Handle => handle;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (_direct is not null && AlignedMemory.IsAligned(offsetBytes, data.Span)
                && await TryWriteDirectAsync(_direct, offsetBytes, data))
            {
                return;
            }

            await PositionedIo.WriteAsync(handle, offsetBytes, data, writebackFromBytes: -1, path);
            long writtenBytes = Interlocked.Add(ref _writtenBytes, data.Length);
            if (writtenBytes / WritebackBytes != (writtenBytes - data.Length) / WritebackBytes)
            {
                // All of the file, as writes come in no order; only what is dirty costs anything.
                PosixFile.BeginWriteback(PosixFile.Fd(handle), 0, 0);
            }
        }
        catch (PosixException exception)
        {
            throw TargetErrors.WriteFailed(exception);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryWriteDirectAsync(SafeFileHandle direct, long offsetBytes, ReadOnlyMemory<byte> data)
    {
        try
        {
            await PositionedIo.WriteAsync(direct, offsetBytes, data, writebackFromBytes: -1, path);
            return true;
        }
        catch (PosixException exception) when (exception.Errno == Errno.EINVAL)
        {
            // A disk with larger blocks than ours, or memory that is not pinned and has moved.
            return false;
        }
    }

    /// <summary>A second handle to the same file; null where the file system has no direct I/O.</summary>
    private static SafeFileHandle? OpenDirect(SafeFileHandle handle) =>
        PosixFile.TryOpen($"/proc/self/fd/{PosixFile.Fd(handle)}", Libc.O_RDWR | Libc.O_DIRECT, out SafeFileHandle? direct) == 0 ? direct : null;

    public async ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (await Task.Run(() => TryZero(offsetBytes, lengthBytes), cancellationToken))
            {
                return;
            }
        }
        catch (PosixException exception)
        {
            throw TargetErrors.WriteFailed(exception);
        }

        for (long done = 0; done < lengthBytes;)
        {
            ReadOnlyMemory<byte> zeros = Zeros.Take(lengthBytes - done);
            await WriteAsync(offsetBytes + done, zeros, cancellationToken);
            done += zeros.Length;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!CanRead)
        {
            throw new NotSupportedException("This target was not opened for reading.");
        }

        try
        {
            int done = await PositionedIo.ReadAsync(handle, offsetBytes, buffer, path);
            // It has been given its size; somebody else is cutting it.
            if (done < buffer.Length)
            {
                throw new PosixException("read", path, Errno.EIO);
            }
        }
        catch (PosixException exception)
        {
            throw TargetErrors.WriteFailed(exception);
        }
    }

    public abstract IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken);

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Not cancelled once begun: it either is complete or it is not.
            await Task.Run(Complete, CancellationToken.None);
        }
        catch (PosixException exception)
        {
            throw TargetErrors.WriteFailed(exception);
        }
    }

    public virtual ValueTask DisposeAsync()
    {
        _direct?.Dispose();
        handle.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes a range read as zeros without writing them; false when that is not possible here.</summary>
    protected abstract bool TryZero(long offsetBytes, long lengthBytes);

    /// <summary>Makes everything durable and visible.</summary>
    protected abstract void Complete();
}
