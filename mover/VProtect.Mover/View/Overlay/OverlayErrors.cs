using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Overlay;

/// <summary>Failures of an overlay's file.</summary>
internal static class OverlayErrors
{
    public static VProtectException Translate(PosixException cause) => cause.IsFull
        ? new VProtectException(
            ErrorCode.OverlayFull, ErrorSide.Target, $"The file system of the overlay is full ({cause.Message}).",
            "Free space there; what was flushed is safe, and writing can go on then.", RetryAdvice.Later, cause)
        : new VProtectException(
            ErrorCode.OverlayFailed, ErrorSide.Target, $"The overlay's file failed ({cause.Message}).",
            "Check the disk it lies on. What was flushed before can be had by mounting again with this overlay.", RetryAdvice.Never, cause);

    public static VProtectException Damaged(string path, string what) => new(
        ErrorCode.OverlayInvalid, ErrorSide.Target, $"The overlay '{path}' is damaged: {what}.",
        "Restore the file from a copy, or mount the restore point with a new overlay.");
}
