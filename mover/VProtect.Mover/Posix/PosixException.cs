using System.Runtime.InteropServices;

namespace VProtect.Mover.Posix;

/// <summary>
/// A system call failed. Never leaves the mover: each user translates it to a <c>VProtectException</c> of its own side.
/// </summary>
internal sealed class PosixException(string operation, string path, int errno)
    : IOException($"{operation} '{path}': {Marshal.GetPInvokeErrorMessage(errno)}")
{
    internal int Errno { get; } = errno;

    /// <summary>Throws what the last call on this thread left in errno.</summary>
    internal static PosixException Last(string operation, string path) =>
        new(operation, path, Marshal.GetLastPInvokeError());

    internal bool IsFull => Errno is Posix.Errno.ENOSPC or Posix.Errno.EDQUOT;

    internal bool IsDenied => Errno is Posix.Errno.EACCES or Posix.Errno.EPERM or Posix.Errno.EROFS;
}
