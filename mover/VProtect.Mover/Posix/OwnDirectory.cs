using Microsoft.Win32.SafeHandles;

namespace VProtect.Mover.Posix;

/// <summary>Whose a directory is, in a place where others may write, too.</summary>
public static class OwnDirectory
{
    /// <summary>The user that a directory is of when it is neither this process's nor root's, who could put links in the way of what is written there; null when it may be used.</summary>
    /// <param name="path">The directory itself: a link at its end is not followed.</param>
    /// <exception cref="IOException">There is none, it cannot be opened, or it is a link.</exception>
    public static uint? StrangerOf(string path)
    {
        using SafeFileHandle handle = PosixFile.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        uint owner = PosixFile.GetStatus(handle, path).UserId;
        return owner == 0 || owner == Libc.GetEffectiveUserId() ? null : owner;
    }
}
