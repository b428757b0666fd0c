using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Nbd;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>Failures of files and NBD servers → source errors.</summary>
internal static class SourceErrors
{
    internal static VProtectException Unavailable(string message, string guidance, Exception? inner = null) =>
        new(ErrorCode.SourceUnavailable, ErrorSide.Source, message, guidance, RetryAdvice.Never, inner);

    internal static VProtectException ReadFailed(string message, string guidance, Exception? inner = null) =>
        new(ErrorCode.SourceReadFailed, ErrorSide.Source, message, guidance, RetryAdvice.Later, inner);

    internal static VProtectException OpenFailed(PosixException cause) => Unavailable(
        $"The source cannot be opened ({cause.Message}).",
        cause.IsDenied ? "Give this user the right to read it, or run as root." : "Check the path.",
        cause);

    internal static VProtectException ReadFailed(PosixException cause) => ReadFailed(
        $"The source cannot be read ({cause.Message}).",
        "Check the disk the source lies on (kernel log), then run the backup again.",
        cause);

    /// <summary>NBD messages say themselves what to do next.</summary>
    internal static VProtectException FromNbd(NbdException cause, string name, ErrorCode code) => new(
        code,
        ErrorSide.Source,
        $"{name}: {cause.Message}",
        cause.Kind == NbdErrorKind.ServerError
            ? "The server could not read its disk: look into its log, then run the backup again."
            : "Check that the NBD server runs and that address and export name are right.",
        cause.IsTransient || cause.Kind == NbdErrorKind.ServerError ? RetryAdvice.Later : RetryAdvice.Never,
        cause);
}
