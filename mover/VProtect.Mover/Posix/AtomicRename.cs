using System.Runtime.InteropServices;

namespace VProtect.Mover.Posix;

/// <summary>
/// Gives a finished file its final name if, and only if, nobody has that name: one atomic step, so that a reader sees the
/// whole file or none, and of several contenders one wins.
/// </summary>
internal static class AtomicRename
{
    /// <returns>False when the name is taken; <paramref name="from"/> is then still there.</returns>
    /// <exception cref="PosixException">The file system failed, or offers neither way.</exception>
    internal static bool TryMove(string from, string to)
    {
        if (Libc.RenameAt2(Libc.AT_FDCWD, from, Libc.AT_FDCWD, to, Libc.RENAME_NOREPLACE) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() switch
        {
            Errno.EEXIST => false,
            // NFS and many FUSE file systems know no such flag.
            Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP => TryMoveByLink(from, to),
            _ => throw PosixException.Last("rename", to),
        };
    }

    /// <summary>A hard link is as atomic; the old name goes afterwards and would do no harm if it stayed.</summary>
    internal static bool TryMoveByLink(string from, string to)
    {
        if (Libc.Link(from, to) == 0)
        {
            PosixFile.Unlink(from);
            return true;
        }

        if (Marshal.GetLastPInvokeError() != Errno.EEXIST)
        {
            throw PosixException.Last("link", to);
        }

        // A network client repeats a request whose answer was lost and is then told EEXIST by its own first attempt:
        // the link count tells (open(2), O_EXCL, gives the same advice).
        if (PosixFile.TryGetStatus(from, out FileStatus status) && status.LinkCount == 2)
        {
            PosixFile.Unlink(from);
            return true;
        }

        return false;
    }
}
