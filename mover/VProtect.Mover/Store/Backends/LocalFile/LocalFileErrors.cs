using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Store.Backends.LocalFile;

/// <summary>System call errors → store errors.</summary>
internal static class LocalFileErrors
{
    internal static VProtectException Translate(PosixException cause) => cause switch
    {
        { IsFull: true } => new VProtectException(
            ErrorCode.StoreFull,
            ErrorSide.Repository,
            $"The repository's file system is full ({cause.Message}).",
            "Free space on the file system or extend it (or the quota), then run the task again; nothing stored is lost.",
            RetryAdvice.Later,
            cause),
        { IsDenied: true } => new VProtectException(
            ErrorCode.StoreDenied,
            ErrorSide.Repository,
            $"The repository may not be used this way ({cause.Message}).",
            "Check the owner and permissions of the directory and that its file system is mounted read-write.",
            RetryAdvice.Never,
            cause),
        _ => new VProtectException(
            ErrorCode.StoreFailed,
            ErrorSide.Repository,
            $"The repository's file system failed ({cause.Message}).",
            "Check the disk or the share (kernel log, mount, network), then run the task again.",
            RetryAdvice.Later,
            cause),
    };
}
