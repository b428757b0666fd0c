using System.Runtime.InteropServices;

namespace VProtect.Connectors.Kvm.Native;

/// <summary>libvirt refused or failed. Its users decide what that means, or leave it to <see cref="Errors"/>.</summary>
internal sealed class LibvirtException(int number, string message) : Exception(message)
{
    /// <summary>The <c>VIR_ERR_</c> number.</summary>
    internal int Number { get; } = number;

    /// <summary>What the last call on this thread failed with.</summary>
    internal static unsafe LibvirtException Last()
    {
        Libvirt.VirError* error = Libvirt.GetLastError();
        return error is null
            ? new LibvirtException(VirErr.InternalError, "libvirt failed without saying why")
            : new LibvirtException(error->Code, Marshal.PtrToStringUTF8((nint)error->Message) ?? "libvirt failed without saying why");
    }
}

/// <summary>Numbers of <c>virErrorNumber</c> that we tell apart.</summary>
internal static class VirErr
{
    internal const int InternalError = 1;
    internal const int NoSupport = 3;
    internal const int NoConnect = 5;
    internal const int InvalidConnection = 6;
    internal const int InvalidArgument = 8;
    internal const int OperationFailed = 9;
    internal const int OperationDenied = 29;
    internal const int SystemError = 38;
    internal const int Rpc = 39;
    internal const int GnuTls = 40;
    internal const int NoDomain = 42;
    internal const int AuthFailed = 45;
    internal const int NoPool = 49;
    internal const int NoVolume = 50;
    internal const int OperationInvalid = 55;
    internal const int ConfigUnsupported = 67;
    internal const int OperationTimeout = 68;
    internal const int NoSnapshot = 72;
    internal const int ArgumentUnsupported = 74;
    internal const int AuthCancelled = 79;
    internal const int OperationUnsupported = 84;
    internal const int AgentUnresponsive = 86;
    internal const int ResourceBusy = 87;
    internal const int AccessDenied = 88;
    internal const int Ssh = 85;
    internal const int VolumeExists = 90;
    internal const int AuthUnavailable = 93;
    internal const int AgentUnsynced = 97;
    internal const int LibSsh = 98;
    internal const int NoCheckpoint = 103;
    internal const int NoBackup = 104;
    internal const int CheckpointInconsistent = 109;
}
