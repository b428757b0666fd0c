using VProtect.Abstractions;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>What libvirt says, as what an administrator can act upon.</summary>
internal static class Errors
{
    /// <summary>Translates; <paramref name="doing"/> begins the message: <c>Reading the inventory of …</c></summary>
    internal static VProtectException From(LibvirtException exception, string doing) => exception.Number switch
    {
        VirErr.NoConnect or VirErr.InvalidConnection or VirErr.Rpc or VirErr.SystemError or VirErr.GnuTls or VirErr.Ssh or VirErr.LibSsh => Make(
            ErrorCode.PlatformUnavailable, exception, doing, "Check that libvirtd runs on the host and that the address reaches it.", RetryAdvice.Later),
        VirErr.AuthFailed or VirErr.AuthCancelled or VirErr.AuthUnavailable or VirErr.AccessDenied or VirErr.OperationDenied => Make(
            ErrorCode.PlatformDenied, exception, doing, "Check the credential; the user needs read and write access to qemu:///system."),
        VirErr.NoDomain or VirErr.NoSnapshot => Make(
            ErrorCode.MachineNotFound, exception, doing, "Refresh the inventory: the machine or snapshot is not on this host any more."),
        VirErr.OperationTimeout or VirErr.ResourceBusy => Make(
            ErrorCode.MachineBusy, exception, doing, "Wait until the other job on the machine has ended; 'virsh domjobinfo' shows it.", RetryAdvice.Later),
        VirErr.NoSupport or VirErr.OperationUnsupported or VirErr.ConfigUnsupported or VirErr.ArgumentUnsupported => Make(
            ErrorCode.NotSupported, exception, doing, "The host's libvirt or QEMU, or this machine's configuration, cannot do it."),
        _ => Make(ErrorCode.PlatformFailed, exception, doing, "Look into the host's libvirtd log and the machine's log in /var/log/libvirt/qemu.", RetryAdvice.Later),
    };

    internal static VProtectException Of(ErrorCode code, string message, string guidance, RetryAdvice retry = RetryAdvice.Never, Exception? inner = null) =>
        new(code, ErrorSide.Platform, message, guidance, retry, inner);

    /// <summary>What to do on a machine without libvirt's client libraries.</summary>
    internal const string HowToInstall = "Install the Debian package libvirt0.";

    internal static VProtectException NoLibrary(Exception inner) => Of(
        ErrorCode.NotSupported,
        "The libvirt client library is not installed on this node.",
        HowToInstall,
        inner: inner);

    internal static VProtectException NoMachine(string uuid) => Of(
        ErrorCode.MachineNotFound,
        $"There is no machine {uuid} on the host.",
        "Refresh the inventory: it was removed or has moved to another host.");

    private static VProtectException Make(
        ErrorCode code, LibvirtException exception, string doing, string guidance, RetryAdvice retry = RetryAdvice.Never) =>
        Of(code, $"{doing} failed: {exception.Message}.", guidance, retry, exception);
}
