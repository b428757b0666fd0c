using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <content>Machines on disks that a node serves.</content>
internal sealed partial class KvmConnector : IMachineBoot
{
    public async Task<BootReach> FindReachAsync(CancellationToken cancellationToken)
    {
        if (!_platform.Host.HasCommands)
        {
            throw Hosts.LibvirtOnlyHost.Refused();
        }

        return await _platform.Host.FindReachAsync(cancellationToken);
    }

    public Task<IReadOnlyList<string>> BootAsync(BootOpening opening, CancellationToken cancellationToken) =>
        new BootedMachine(_platform, opening.MountGuid).BootAsync(opening, cancellationToken);

    public Task<bool> AttendAsync(string mountGuid, CancellationToken cancellationToken) =>
        new BootedMachine(_platform, mountGuid).AttendAsync(cancellationToken);

    public Task KeepAsync(string mountGuid, string? storageId, Action<long, long> progress, CancellationToken cancellationToken) =>
        new BootKeeping(_platform, new BootedMachine(_platform, mountGuid), mountGuid, storageId, progress).RunAsync(cancellationToken);

    public Task<IReadOnlyList<string>> RemoveAsync(string mountGuid, bool keepsData, CancellationToken cancellationToken) =>
        new BootedMachine(_platform, mountGuid).RemoveAsync(keepsData, cancellationToken);
}
