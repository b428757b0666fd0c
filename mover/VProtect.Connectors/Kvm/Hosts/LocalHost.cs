using System.Diagnostics;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>libvirtd runs on this node.</summary>
internal sealed class LocalHost : KvmHost
{
    internal override bool IsLocal => true;

    internal override Task<ReachedSocket> ReachAsync(string socketPath, CancellationToken cancellationToken) =>
        Task.FromResult(new ReachedSocket(socketPath));

    internal override Task<long?> GetFreeSpaceAsync(string directory, CancellationToken cancellationToken) =>
        Task.FromResult<long?>(Directory.Exists(directory) ? new DriveInfo(directory).AvailableFreeSpace : null);

    protected override ProcessStartInfo ToProcess(IReadOnlyList<string> command) => new(command[0], command.Skip(1));
}
