using VProtect.Abstractions;

namespace VProtect.Testing.FakePlatform;

/// <summary>What goes wrong on the fake platform.</summary>
internal static class FakeErrors
{
    public static VProtectException Failed(string message, Exception? inner = null) =>
        new(ErrorCode.PlatformFailed, ErrorSide.Platform, message, "Look into the platform's log, then try again.", RetryAdvice.Later, inner);

    public static VProtectException Unreachable() => new(
        ErrorCode.PlatformUnavailable, ErrorSide.Platform, "The fake platform does not answer.",
        "Check that it is switched on and that the address is right.", RetryAdvice.Later);

    public static VProtectException Denied() => new(
        ErrorCode.PlatformDenied, ErrorSide.Platform, "The fake platform refuses the login.", "Check login and password.");

    public static VProtectException NoMachine(string uuid) => new(
        ErrorCode.MachineNotFound, ErrorSide.Platform, $"There is no machine {uuid} on the fake platform.", "Synchronize the inventory.");

    public static VProtectException NoSnapshot(string id) => new(
        ErrorCode.MachineNotFound, ErrorSide.Platform, $"The machine has no snapshot {id}.", "List its snapshots and choose one of them.");

    public static VProtectException Busy(string name, string by) => new(
        ErrorCode.MachineBusy, ErrorSide.Platform, $"Machine '{name}' is in use by {by}.", "Wait for it to end, or clean up what it left.", RetryAdvice.Later);

    public static VProtectException Running(string name) => new(
        ErrorCode.MachineBusy, ErrorSide.Platform, $"Machine '{name}' runs; its disks cannot be overwritten.", "Switch it off first.", RetryAdvice.Later);

    public static VProtectException NotFrozen(string name, string why) => new(
        ErrorCode.QuiesceFailed, ErrorSide.Platform, $"File systems of machine '{name}' could not be frozen: {why}.",
        "Install the guest agent, or let the policy do without.", RetryAdvice.Later);

    public static VProtectException NotSupported(string what) => new(
        ErrorCode.NotSupported, ErrorSide.Platform, $"The fake platform cannot {what}, as it was opened.", "Open it without leaving this out.");

    public static VProtectException Unfit(string message, string guidance) => new(ErrorCode.TargetUnavailable, ErrorSide.Platform, message, guidance);

    /// <summary>Side and code of a source's errors are given by <see cref="IBlockSource"/>.</summary>
    public static VProtectException ReadFailed(string disk, VProtectException cause) => new(
        ErrorCode.SourceReadFailed, ErrorSide.Source, $"Disk '{disk}' cannot be read: {cause.Message}", cause.Guidance, RetryAdvice.Later, cause);

    public static VProtectException WriteFailed(string disk, VProtectException cause) => new(
        ErrorCode.TargetWriteFailed, ErrorSide.Target, $"Disk '{disk}' cannot be written: {cause.Message}", cause.Guidance, RetryAdvice.Later, cause);
}
