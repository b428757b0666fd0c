using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace VProtect.Mover.Posix;

/// <summary>
/// Files that are being written and get their final name when they are done. Each is locked (flock) by its writer for as
/// long as that lives, and named for the boot of the machine that wrote it. That is what tells the leftovers of the dead:
/// <list type="bullet">
/// <item>a lock that cannot be had belongs to a living writer: never touched;</item>
/// <item>on a local file system, and for files of this very boot, a lock that can be had proves that the writer is gone,
/// in whatever container it ran;</item>
/// <item>on a share, locks of other machines may be invisible (mounted with nolock): their files go once they have not
/// been written for a week by the share's own clock. Were the writer alive after all, its commit would fail, cleanly.</item>
/// </list>
/// </summary>
/// <param name="directory">Where they lie; made, not durably, when it is missing and its parent is there.</param>
/// <param name="prefix">How their names begin.</param>
internal sealed class TemporaryFiles(string directory, string prefix)
{
    private const long AbandonedSeconds = 7 * 24 * 3600;

    // Unique per boot of a kernel; containers share their host's, and its locks.
    private static readonly string BootId = ReadBootId();

    /// <summary>Makes an empty file that is this process's alone. The caller closes and removes or renames it.</summary>
    internal (SafeFileHandle Handle, string Path) Create()
    {
        while (true)
        {
            string path = Path.Join(directory, $"{prefix}{BootId}-{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(16, true)}");
            int error = PosixFile.TryOpen(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL, out SafeFileHandle? handle, 0x180);
            if (error == Errno.ENOENT)
            {
                if (Libc.Mkdir(directory, 0x1C0) < 0 && PosixException.Last("mkdir", directory) is { Errno: not Errno.EEXIST } failure)
                {
                    throw failure;
                }

                continue;
            }

            if (error != 0)
            {
                throw new PosixException("create", path, error);
            }

            // A cleaner may have come between creation and lock; then the file has lost its name and another is made.
            // A file system without locks is one where leftovers cannot be told: they stay.
            _ = Libc.Flock(PosixFile.Fd(handle!), Libc.LOCK_EX);
            if (PosixFile.GetStatus(handle!, path).LinkCount > 0)
            {
                return (handle!, path);
            }

            handle!.Dispose();
        }
    }

    /// <summary>
    /// Gives back the lock of a file that has its final name. Closing it is not enough: a process that is just being started
    /// has it open, and with it the lock, until it runs its program, and whoever opens the new file would find it in use.
    /// </summary>
    internal static void Unlock(SafeFileHandle handle) => _ = Libc.Flock(PosixFile.Fd(handle), Libc.LOCK_UN);

    /// <summary>Removes what dead writers left.</summary>
    /// <returns>How many files were removed.</returns>
    internal int RemoveLeftovers()
    {
        if (!Directory.Exists(directory))
        {
            return 0;
        }

        bool isLocal = new DriveInfo(directory).DriveType is DriveType.Fixed or DriveType.Ram or DriveType.Removable;
        int removed = 0;
        foreach (string path in Directory.EnumerateFiles(directory))
        {
            string name = Path.GetFileName(path);
            bool lockTells = isLocal || name.StartsWith(prefix + BootId, StringComparison.Ordinal);
            if (name.StartsWith(prefix, StringComparison.Ordinal) && TryRemoveLeftover(path, lockTells))
            {
                removed++;
            }
        }

        return removed;
    }

    private bool TryRemoveLeftover(string path, bool lockTells)
    {
        if (PosixFile.TryOpen(path, Libc.O_RDWR, out SafeFileHandle? handle) != 0)
        {
            return false;
        }

        using (handle)
        {
            return Libc.Flock(PosixFile.Fd(handle!), Libc.LOCK_EX | Libc.LOCK_NB) == 0
                && (lockTells || IsAbandoned(PosixFile.GetStatus(handle!, path)))
                && PosixFile.Unlink(path);
        }
    }

    // Compares the share's clock with itself: a file made now against the one in question.
    private bool IsAbandoned(FileStatus status)
    {
        (SafeFileHandle handle, string path) = Create();
        using (handle)
        {
            long nowSeconds = PosixFile.GetStatus(handle, path).ModifiedSeconds;
            PosixFile.Unlink(path);
            return nowSeconds - status.ModifiedSeconds > AbandonedSeconds;
        }
    }

    private static string ReadBootId() =>
        File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim().Replace("-", string.Empty, StringComparison.Ordinal)[..16];
}
