using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Store.Backends.LocalFile;

/// <summary>
/// An object being written to a temporary file. Commit, in this order:
/// <list type="number">
/// <item>fdatasync of the file: its bytes are durable while nobody can see it;</item>
/// <item>rename without replacing: it appears, whole, or another was first;</item>
/// <item>fsync of the directory, also when another was first: either way the object that bears the key is durable.</item>
/// </list>
/// </summary>
internal sealed class LocalFileWriter : IObjectWriter
{
    // Writeback begins after this many bytes. Left alone, the kernel stops a fast writer once its dirty pages pile up:
    // 64 MiB packs were written at 0.25-0.45 GB/s without the hint and 2.1-2.5 GB/s with it (ext4, virtio disk);
    // 4 and 16 MiB, posix_fallocate first, and O_DIRECT made no further difference. What is written leaves the page cache: a backup
    // does not push out what the machine needs, nor pays for fresh pages (a fifth of a full backup in a virtual machine whose memory is not all there).
    private const int WritebackBytes = 4 << 20;

    // Below this a copy into the page cache is quicker than a change of threads.
    private const int InlineBytesMax = 64 << 10;

    private readonly LocalFileStore _store;
    private readonly string _key;
    private readonly SafeFileHandle _handle;
    private readonly string _temporaryPath;
    private long _lengthBytes;
    private long _writebackBegunBytes;
    private bool _isRenamed;
    private bool _ended;

    internal LocalFileWriter(LocalFileStore store, string key, SafeFileHandle handle, string temporaryPath)
    {
        _store = store;
        _key = key;
        _handle = handle;
        _temporaryPath = temporaryPath;
    }

    /// <summary>Whether the object has its name: a failure after that is one of making the name durable.</summary>
    internal bool IsRenamed => _isRenamed;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            long endBytes = _lengthBytes + bytes.Length;
            bool writesBack = endBytes - _writebackBegunBytes >= WritebackBytes;
            if (!writesBack && bytes.Length <= InlineBytesMax)
            {
                PosixFile.Write(PosixFile.Fd(_handle), _lengthBytes, bytes.Span, _temporaryPath);
            }
            else
            {
                long fromBytes = writesBack ? _writebackBegunBytes : -1;
                await PositionedIo.WriteAsync(_handle, _lengthBytes, bytes, fromBytes, _temporaryPath);
            }

            _lengthBytes = endBytes;
            _writebackBegunBytes = writesBack ? endBytes : _writebackBegunBytes;
        }
        catch (PosixException exception)
        {
            // Part of the bytes may be there: this object cannot be finished any more.
            Abandon();
            throw LocalFileErrors.Translate(exception);
        }
    }

    public async ValueTask<bool> CommitAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        cancellationToken.ThrowIfCancellationRequested();
        // From here to the end it is not cancelled: half a commit would leave the caller not knowing what it has.
        return await Task.Run(Commit, CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        Abandon();
        return ValueTask.CompletedTask;
    }

    /// <summary>The whole life of a small object, on the calling thread.</summary>
    internal bool WriteAndCommit(ReadOnlySpan<byte> content)
    {
        try
        {
            PosixFile.Write(PosixFile.Fd(_handle), 0, content, _temporaryPath);
        }
        catch (PosixException exception)
        {
            Abandon();
            throw LocalFileErrors.Translate(exception);
        }

        return Commit();
    }

    private bool Commit()
    {
        try
        {
            PosixFile.FlushData(_handle, _temporaryPath);
            if (_writebackBegunBytes > 0)
            {
                PosixFile.DropCached(PosixFile.Fd(_handle), 0, _lengthBytes);
            }

            string path = _store.PathOf(_key);
            _store.PrepareDirectoryOf(path);
            _isRenamed = AtomicRename.TryMove(_temporaryPath, path);
            Abandon();
            PosixFile.FlushDirectory(Path.GetDirectoryName(path)!);
            return _isRenamed;
        }
        catch (PosixException exception)
        {
            throw LocalFileErrors.Translate(exception);
        }
        finally
        {
            Abandon();
        }
    }

    private void Abandon()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        try
        {
            // Before the lock goes with the handle: a name without a lock is a leftover to others.
            if (!_isRenamed)
            {
                PosixFile.Unlink(_temporaryPath);
            }

            TemporaryFiles.Unlock(_handle);
        }
        catch (PosixException)
        {
            // A file system that fails here has failed the writer already; the next start removes what is left.
        }

        _handle.Dispose();
    }
}
