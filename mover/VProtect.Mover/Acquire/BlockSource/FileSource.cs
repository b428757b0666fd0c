using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>A raw disk in a file or a block device; holes of the file are zero extents.</summary>
internal sealed class FileSource : IBlockSource
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private FileSource(SafeFileHandle handle, string path, long sizeBytes)
    {
        _handle = handle;
        _path = path;
        SizeBytes = sizeBytes;
    }

    public string Name => _path;

    public long? SizeBytes { get; }

    public bool IsSequential => false;

    public int ReadsInFlightMax => 8;

    /// <exception cref="VProtectException">It cannot be opened, or is neither file nor block device.</exception>
    internal static FileSource Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = PosixFile.Open(path, Libc.O_RDONLY);
            FileStatus status = PosixFile.GetStatus(handle, path);
            if (!status.IsRegularFile && !status.IsBlockDevice)
            {
                throw SourceErrors.Unavailable(
                    $"'{path}' is neither a file nor a block device.", "Give a disk image, a block device, '-' or an NBD URI.");
            }

            long sizeBytes = PosixFile.GetLength(handle, path);
            // A wider read-ahead window; that it is not granted would be no trouble.
            _ = Libc.PosixFadvise(PosixFile.Fd(handle), 0, 0, Libc.POSIX_FADV_SEQUENTIAL);
            return new FileSource(handle, path, sizeBytes);
        }
        catch (PosixException exception)
        {
            handle?.Dispose();
            throw SourceErrors.OpenFailed(exception);
        }
        catch (VProtectException)
        {
            handle?.Dispose();
            throw;
        }
    }

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        EnumerateExtentsAsync(cancellationToken).TranslateErrors<Extent, PosixException>(SourceErrors.ReadFailed, cancellationToken);

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ChangedBlocks>(new ChangedBlocks.MustFull("files and devices keep no record of what changed"));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int done;
        try
        {
            done = await PositionedIo.ReadAsync(_handle, offsetBytes, buffer, _path);
        }
        catch (PosixException exception)
        {
            throw SourceErrors.ReadFailed(exception);
        }

        return done == buffer.Length ? done : throw BecameShorter();
    }

    public ValueTask DisposeAsync()
    {
        _handle.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<Extent> EnumerateExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Extent extent in SparseFile.EnumerateExtents(_handle, _path, SizeBytes!.Value, cancellationToken))
        {
            // What was cut off looks like a hole and is never read: only the length tells it from zeros.
            if (extent.Kind == ExtentKind.Zero && PosixFile.GetLength(_handle, _path) < SizeBytes)
            {
                throw BecameShorter();
            }

            yield return extent;
        }
    }

    private VProtectException BecameShorter() => SourceErrors.ReadFailed(
        $"'{_path}' has become shorter than the {SizeBytes} bytes it had when the backup began.",
        "Back up a disk that nobody changes: a snapshot, or the export of a running machine.");
}
