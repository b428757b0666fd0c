using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;
using VProtect.Nbd;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>Failures of files, QEMU and NBD servers → target errors.</summary>
internal static class TargetErrors
{
    internal static VProtectException Unavailable(string message, string guidance, Exception? inner = null) =>
        new(ErrorCode.TargetUnavailable, ErrorSide.Target, message, guidance, RetryAdvice.Never, inner);

    internal static VProtectException Exists(string path) => Unavailable(
        $"'{path}' exists already.", "Choose another name, replace it with --overwrite, or change it in place with --differential.");

    internal static VProtectException TooSmall(string name, long hasBytes, long needsBytes) => Unavailable(
        $"{name} has {hasBytes} bytes and the disk has {needsBytes}.", "Choose a target that is at least as large as the disk.");

    internal static VProtectException OpenFailed(PosixException cause) => Unavailable(
        $"The target cannot be opened ({cause.Message}).",
        cause.IsDenied ? "Give this user the right to write it, or run as root." : "Check the path, and that nothing else uses it.",
        cause);

    internal static VProtectException WriteFailed(PosixException cause) => new(
        ErrorCode.TargetWriteFailed,
        ErrorSide.Target,
        $"The target cannot be written ({cause.Message}).",
        cause.IsFull
            ? "Free space on the target's file system, then restore again."
            : "Check the target's disk (kernel log), then restore again.",
        RetryAdvice.Later,
        cause);

    internal static VProtectException FromQemu(QemuException cause, string path) =>
        Unavailable($"'{path}' cannot be written as an image: {cause.Message}", cause.Guidance, cause);

    internal static VProtectException FromNbd(NbdException cause, string name, ErrorCode code) => new(
        code,
        ErrorSide.Target,
        $"{name}: {cause.Message}",
        cause.Kind == NbdErrorKind.ServerError
            ? "The server could not write its disk: look for free space there and into its log, then restore again."
            : "Check that the NBD server runs, that address and export name are right, and that the export is writable.",
        cause.IsTransient || cause.Kind == NbdErrorKind.ServerError ? RetryAdvice.Later : RetryAdvice.Never,
        cause);
}
