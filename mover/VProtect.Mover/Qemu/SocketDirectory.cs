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

    internal string SocketPath => SocketIn(_path);

    /// <param name="userId">Who may use it; null: we.</param>
    /// <exception cref="PosixException">The directory for temporary files cannot be used.</exception>
    internal static SocketDirectory Create(int? userId)
    {
        RemoveLeftovers();
        while (true)
        {
            string path = Directory.CreateTempSubdirectory(Prefix).FullName;
            // Whoever removes leftovers may come before the lock; then another is made.
            if (PosixFile.TryOpen(path, Libc.O_RDONLY | Libc.O_DIRECTORY, out SafeFileHandle? handle) != 0)
            {
                continue;
            }

            _ = Libc.Flock(PosixFile.Fd(handle!), Libc.LOCK_EX);
            if (PosixFile.GetStatus(handle!, path).LinkCount == 0)
            {
                handle!.Dispose();
                continue;
            }

            var created = new SocketDirectory(path, handle!);
            if (userId is { } id && Libc.Chown(path, (uint)id, (uint)id) < 0)
            {
                PosixException failure = PosixException.Last("chown", path);
                created.Dispose();
                throw failure;
            }

            return created;
        }
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
            if (PosixFile.TryOpen(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, out SafeFileHandle? handle) != 0)
            {
                continue;
            }

            using (handle)
            {
                uint owner = PosixFile.GetStatus(handle!, path).UserId;
                bool isOurs = owner == Libc.GetEffectiveUserId() || owner is >= Sandbox.UserIdMin and <= Sandbox.UserIdMax;
                if (isOurs && Libc.Flock(PosixFile.Fd(handle!), Libc.LOCK_EX | Libc.LOCK_NB) == 0)
                {
                    Remove(path);
                }
            }
        }
    }

    private static void Remove(string path)
    {
        // Nothing else is ever in there; if it is, it is not ours to remove.
        _ = Libc.Unlink(SocketIn(path));
        _ = Libc.Rmdir(path);
    }

    private static string SocketIn(string path) => Path.Join(path, "s");
}
