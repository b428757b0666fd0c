using System.Diagnostics;
using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>A host of which nothing is reached but libvirt.</summary>
internal sealed class LibvirtOnlyHost : KvmHost
{
    internal override bool IsLocal => false;

    internal override bool HasCommands => false;

    internal override Task<ReachedSocket> ReachAsync(string socketPath, CancellationToken cancellationToken) => throw Refused();

    internal override Task<long?> GetFreeSpaceAsync(string directory, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    protected override ProcessStartInfo ToProcess(IReadOnlyList<string> command) => throw Refused();

    /// <summary>Why most of what we do cannot be done.</summary>
    internal static VProtectException Refused() => Errors.Of(
        ErrorCode.NotSupported,
        "This needs commands on the host, and a qemu+tls address gives none.",
        "Add the host by qemu+ssh to back up, to restore and to take snapshots.");
}
