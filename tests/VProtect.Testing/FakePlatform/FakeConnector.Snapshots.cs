using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

internal sealed partial class FakeConnector
{
    public async Task<MachineSnapshot> CreateSnapshotAsync(SnapshotCreation creation, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.Snapshots, "keep snapshots");
        Require(creation.Quiesce != QuiesceMode.Require || Capabilities.Quiesce, "freeze file systems");
        FakeMachine machine = Find(creation.MachineUuid);
        string mark = TaskMark.Of(creation.TaskGuid);
        using IDisposable held = await datacenter.LockAsync(machine.Uuid, cancellationToken);
        FakeLeftover.RemoveAllOf(datacenter, mark);
        await using FakeFreeze freeze = await FakeFreeze.TakeAsync(
            datacenter, machine, mark, Capabilities.Quiesce ? creation.Quiesce : QuiesceMode.No, FakeStep.SnapshotFreeze, cancellationToken);
        var snapshot = new FakeSnapshot(Guid.NewGuid().ToString("N"), creation.Name, DateTimeOffset.UtcNow, freeze.IsFrozen, mark);
        string folder = datacenter.SnapshotFolder(machine.Uuid, snapshot.Id);
        try
        {
            Save(folder, snapshot);
            foreach (FakeDisk disk in machine.Disks)
            {
                await datacenter.PassAsync(FakeStep.SnapshotCopy, cancellationToken, machine.Uuid);
                FakeFile.CopyDisk(datacenter.DiskFile(machine.Uuid, disk.Id), Path.Join(folder, disk.Id + ".raw"));
            }

            await datacenter.PassAsync(FakeStep.SnapshotRecord, cancellationToken, machine.Uuid);
            snapshot = snapshot with { Mark = null };
            Save(folder, snapshot);
            return Present(snapshot);
        }
        catch
        {
            FakeFile.RemoveDirectory(folder);
            throw;
        }
    }

    public async Task<IReadOnlyList<MachineSnapshot>> ListSnapshotsAsync(string machineUuid, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.Snapshots, "keep snapshots");
        _ = Find(machineUuid);
        return [.. Snapshots(machineUuid).OrderBy(snapshot => snapshot.CreatedAt).Select(Present)];
    }

    public async Task RevertSnapshotAsync(string machineUuid, string snapshotId, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.Snapshots, "keep snapshots");
        FakeMachine machine = Find(machineUuid);
        using IDisposable held = await datacenter.LockAsync(machineUuid, cancellationToken);
        FakeSnapshot snapshot = Snapshots(machineUuid).FirstOrDefault(snapshot => snapshot.Id == snapshotId) ?? throw FakeErrors.NoSnapshot(snapshotId);
        await datacenter.PassAsync(FakeStep.RevertCopy, cancellationToken, machineUuid);

        // From here on nobody knows what changed since any backup.
        datacenter.Folders(machineUuid, "checkpoints").ForEach(FakeFile.RemoveDirectory);
        machine = datacenter.Change(machineUuid, machine => machine with { Damage = $"Being set back to snapshot '{snapshot.Name}'." });
        foreach (FakeDisk disk in machine.Disks)
        {
            string copy = Path.Join(datacenter.SnapshotFolder(machineUuid, snapshotId), disk.Id + ".raw");
            if (File.Exists(copy))
            {
                FakeFile.CopyDisk(copy, datacenter.DiskFile(machineUuid, disk.Id));
                await datacenter.PassAsync(FakeStep.RevertCopy, cancellationToken, machineUuid);
            }
        }

        datacenter.Change(machineUuid, machine => machine with { Damage = null });
    }

    public async Task RemoveSnapshotAsync(string machineUuid, string snapshotId, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.Snapshots, "keep snapshots");
        _ = Find(machineUuid);
        using IDisposable held = await datacenter.LockAsync(machineUuid, cancellationToken);
        if (Snapshots(machineUuid).FirstOrDefault(snapshot => snapshot.Id == snapshotId) is not { } snapshot)
        {
            return;
        }

        Require(Present(snapshot).IsOurs, "remove snapshots that others made");
        await datacenter.PassAsync(FakeStep.SnapshotRemove, cancellationToken, machineUuid);
        FakeFile.RemoveDirectory(datacenter.SnapshotFolder(machineUuid, snapshotId));
    }

    private static MachineSnapshot Present(FakeSnapshot snapshot) => new(
        snapshot.Id, snapshot.Name, snapshot.CreatedAt, snapshot.Name.StartsWith(TaskMark.Prefix, StringComparison.Ordinal), snapshot.IsQuiesced);

    private static void Save(string folder, FakeSnapshot snapshot) => FakeFile.Write(Path.Join(folder, "snapshot.json"), snapshot);

    private IEnumerable<FakeSnapshot> Snapshots(string machineUuid) => datacenter
        .Folders(machineUuid, "snapshots")
        .Select(folder => FakeFile.TryRead<FakeSnapshot>(Path.Join(folder, "snapshot.json")))
        .OfType<FakeSnapshot>()
        .Where(snapshot => snapshot.Mark is null);
}
