using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <content>Restores and snapshots.</content>
internal sealed partial class KvmConnector
{
    public Task<IRestoreAccess> OpenRestoreAsync(RestoreOpening opening, CancellationToken cancellationToken) =>
        Restore.OpenAsync(_platform, opening, cancellationToken);

    public Task<MachineSnapshot> CreateSnapshotAsync(SnapshotCreation creation, CancellationToken cancellationToken) =>
        new Snapshots(_platform, creation.MachineUuid).CreateAsync(creation, cancellationToken);

    public Task<IReadOnlyList<MachineSnapshot>> ListSnapshotsAsync(string machineUuid, CancellationToken cancellationToken) =>
        new Snapshots(_platform, machineUuid).ListAsync(cancellationToken);

    public Task RevertSnapshotAsync(string machineUuid, string snapshotId, CancellationToken cancellationToken) =>
        new Snapshots(_platform, machineUuid).RevertAsync(snapshotId, cancellationToken);

    public Task RemoveSnapshotAsync(string machineUuid, string snapshotId, CancellationToken cancellationToken) =>
        new Snapshots(_platform, machineUuid).RemoveAsync(snapshotId, cancellationToken);
}
