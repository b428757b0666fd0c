using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>A raw disk in a file: a new one that appears when it is complete, or an existing one changed in place.</summary>
internal sealed class FileTarget : RawTarget
{
    private readonly NewFile? _newFile;
    private readonly string _path;
    private readonly long _sizeBytes;

    private FileTarget(SafeFileHandle handle, string path, long sizeBytes, NewFile? newFile)
        : base(handle, path)
    {
        _path = path;
        _sizeBytes = sizeBytes;
        _newFile = newFile;
    }

    public override bool IsZeroed => _newFile is not null;

    public override bool CanRead => _newFile is null;

    /// <exception cref="VProtectException">The file exists, or does not, or cannot be made.</exception>
    internal static FileTarget Open(string path, TargetOptions options)
    {
        NewFile? newFile = null;
        SafeFileHandle? handle = null;
        try
        {
            newFile = options.Differential ? null : NewFile.Create(path, options.Overwrite);
            handle = newFile?.Handle ?? PosixFile.Open(path, Libc.O_RDWR);
            if (Libc.Ftruncate(PosixFile.Fd(handle), options.SizeBytes) < 0)
            {
                throw PosixException.Last("resize", path);
            }

            if (newFile is not null && options.Preallocate && options.SizeBytes > 0
                && Libc.Fallocate(PosixFile.Fd(handle), 0, 0, options.SizeBytes) < 0)
            {
                throw PosixException.Last("allocate the space of", path);
            }

            return new FileTarget(handle, path, options.SizeBytes, newFile);
        }
        catch (PosixException exception)
        {
            newFile?.Dispose();
            handle?.Dispose();
            throw TargetErrors.OpenFailed(exception);
        }
    }

    public override IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) => SparseFile
        .EnumerateExtents(Handle, _path, _sizeBytes, cancellationToken)
        .TranslateErrors<Extent, PosixException>(TargetErrors.WriteFailed, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        _newFile?.Dispose();
        return base.DisposeAsync();
    }

    protected override bool TryZero(long offsetBytes, long lengthBytes) =>
        SparseFile.TryPunch(Handle, offsetBytes, lengthBytes, _path);

    protected override void Complete()
    {
        if (_newFile is not null)
        {
            _newFile.Publish();
        }
        else
        {
            PosixFile.FlushData(Handle, _path);
        }
    }
}
