using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Qemu;

/// <summary>
/// A directory for one unix socket that nobody but one user (and root) can enter. It is locked for as long as we live, so
/// that the next to come removes what a killed process left.
/// </summary>
internal sealed class SocketDirectory : IDisposable
{
    private const string Prefix = "vprotect-nbd-";

    private readonly SafeFileHandle _lock;
    private readonly string _path;

    private SocketDirectory(string path, SafeFileHandle handle)
    {
        _path = path;
        _lock = handle;
    }

    internal string SocketPath => Path.Join(_path, "s");

    /// <param name="userId">Who may use it; null: we.</param>
    internal static SocketDirectory Create(int? userId)
    {
        RemoveLeftovers();
        string path = Directory.CreateTempSubdirectory(Prefix).FullName;
        SafeFileHandle handle = PosixFile.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        _ = Libc.Flock(PosixFile.Fd(handle), Libc.LOCK_EX);
        if (userId is { } id && Libc.Chown(path, (uint)id, (uint)id) < 0)
        {
            throw PosixException.Last("chown", path);
        }

        return new SocketDirectory(path, handle);
    }

    public void Dispose()
    {
        Remove(_path);
        _lock.Dispose();
    }

    private static void RemoveLeftovers()
    {
        foreach (string path in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            if (PosixFile.TryOpen(path, Libc.O_RDONLY | Libc.O_DIRECTORY, out SafeFileHandle? handle) != 0)
            {
                continue;
            }

            using (handle)
            {
                // An empty one may have been made this instant and is not locked yet.
                if (Libc.Flock(PosixFile.Fd(handle!), Libc.LOCK_EX | Libc.LOCK_NB) == 0 && Directory.EnumerateFiles(path).Any())
                {
                    Remove(path);
                }
            }
        }
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // Another process was quicker.
        }
    }
}
