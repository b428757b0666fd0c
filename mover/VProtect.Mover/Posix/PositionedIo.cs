using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Microsoft.Win32.SafeHandles;

namespace VProtect.Mover.Posix;

/// <summary>
/// One blocking read or write at an offset, run on the thread pool, so that callers may have several in flight.
/// Pooled: a steady flow of them allocates nothing. The handle may be disposed meanwhile; it closes after the last one.
/// </summary>
internal sealed class PositionedIo : IThreadPoolWorkItem, IValueTaskSource<int>, IValueTaskSource
{
    // More than these are never in flight for long; the rest goes to the collector.
    private const int PooledMax = 64;

    private static readonly ConcurrentQueue<PositionedIo> Pool = new();

    private ManualResetValueTaskSourceCore<int> _core;
    private SafeFileHandle? _handle;
    private string _path = string.Empty;
    private long _offsetBytes;
    private Memory<byte> _readBuffer;
    private ReadOnlyMemory<byte> _writeData;
    private bool _isRead;
    private long _writebackFromBytes;

    private PositionedIo()
    {
    }

    /// <summary>Fills the buffer; fewer bytes only where the file ends. Fails with <see cref="PosixException"/>.</summary>
    internal static ValueTask<int> ReadAsync(SafeFileHandle handle, long offsetBytes, Memory<byte> buffer, string path)
    {
        PositionedIo io = Rent(handle, offsetBytes, path);
        io._isRead = true;
        io._readBuffer = buffer;
        return new ValueTask<int>(io, io.Start());
    }

    /// <summary>
    /// Writes all data and, unless <paramref name="writebackFromBytes"/> is -1, begins writeback of the file from there to
    /// the end of the data and drops what is before it from the page cache. Fails with <see cref="PosixException"/>.
    /// </summary>
    internal static ValueTask WriteAsync(
        SafeFileHandle handle, long offsetBytes, ReadOnlyMemory<byte> data, long writebackFromBytes, string path)
    {
        PositionedIo io = Rent(handle, offsetBytes, path);
        io._isRead = false;
        io._writeData = data;
        io._writebackFromBytes = writebackFromBytes;
        return new ValueTask(io, io.Start());
    }

    private static PositionedIo Rent(SafeFileHandle handle, long offsetBytes, string path)
    {
        if (!Pool.TryDequeue(out PositionedIo? io))
        {
            io = new PositionedIo();
        }

        bool added = false;
        handle.DangerousAddRef(ref added);
        io._handle = handle;
        io._offsetBytes = offsetBytes;
        io._path = path;
        return io;
    }

    private short Start()
    {
        short version = _core.Version;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return version;
    }

    void IThreadPoolWorkItem.Execute()
    {
        int done = 0;
        Exception? failure = null;
        try
        {
            int fd = PosixFile.Fd(_handle!);
            if (_isRead)
            {
                done = PosixFile.Read(fd, _offsetBytes, _readBuffer.Span, _path);
            }
            else
            {
                PosixFile.Write(fd, _offsetBytes, _writeData.Span, _path);
                if (_writebackFromBytes >= 0)
                {
                    long endBytes = _offsetBytes + _writeData.Length;
                    PosixFile.BeginWriteback(fd, _writebackFromBytes, endBytes - _writebackFromBytes);
                    PosixFile.DropCached(fd, 0, _writebackFromBytes);
                }
            }
        }
        catch (IOException exception)
        {
            failure = exception;
        }
        finally
        {
            _handle!.DangerousRelease();
        }

        if (failure is null)
        {
            _core.SetResult(done);
        }
        else
        {
            _core.SetException(failure);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => ((IValueTaskSource<int>)this).GetResult(token);

    int IValueTaskSource<int>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _handle = null;
            _readBuffer = default;
            _writeData = default;
            if (Pool.Count < PooledMax)
            {
                Pool.Enqueue(this);
            }
        }
    }
}
