using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>
/// A file that is restored under a temporary name beside its final one and renamed when it is complete and durable.
/// Disposed before, nothing of it remains; killed before, the next restore to that name removes it.
/// </summary>
internal sealed class NewFile : IDisposable
{
    // The rest of the 255 bytes a name may have is for what makes it unique.
    private const int NameCharsMax = 40;

    private readonly string _path;
    private readonly bool _overwrite;
    private bool _isPublished;

    private NewFile(string path, bool overwrite, SafeFileHandle handle, string temporaryPath)
    {
        _path = path;
        _overwrite = overwrite;
        Handle = handle;
        TemporaryPath = temporaryPath;
    }

    internal SafeFileHandle Handle { get; }

    internal string TemporaryPath { get; }

    /// <exception cref="VProtect.Abstractions.VProtectException">The file exists and may not be overwritten.</exception>
    /// <exception cref="PosixException">It cannot be made.</exception>
    internal static NewFile Create(string path, bool overwrite)
    {
        if (PosixFile.TryGetStatus(path, out FileStatus status) && !(overwrite && status.IsRegularFile))
        {
            throw TargetErrors.Exists(path);
        }

        string directory = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(directory))
        {
            throw new PosixException("create a file in", directory, Errno.ENOENT);
        }

        string name = Path.GetFileName(path);
        var temporaryFiles = new TemporaryFiles(directory, $".{name[..Math.Min(name.Length, NameCharsMax)]}.vprotect-");
        temporaryFiles.RemoveLeftovers();
        (SafeFileHandle handle, string temporaryPath) = temporaryFiles.Create();
        return new NewFile(path, overwrite, handle, temporaryPath);
    }

    /// <summary>Bytes, then name, then directory: the same order as in the repository.</summary>
    /// <exception cref="VProtect.Abstractions.VProtectException">Somebody else has made the file meanwhile.</exception>
    /// <exception cref="PosixException">It cannot be made durable.</exception>
    internal void Publish()
    {
        PosixFile.FlushData(Handle, TemporaryPath);
        if (!_overwrite)
        {
            _isPublished = AtomicRename.TryMove(TemporaryPath, _path) ? true : throw TargetErrors.Exists(_path);
        }
        else
        {
            _isPublished = Libc.Rename(TemporaryPath, _path) == 0 ? true : throw PosixException.Last("rename", _path);
        }

        TemporaryFiles.Unlock(Handle);
        PosixFile.FlushDirectory(Path.GetDirectoryName(_path)!);
    }

    public void Dispose()
    {
        if (!_isPublished)
        {
            _ = Libc.Unlink(TemporaryPath);
        }

        Handle.Dispose();
    }
}
