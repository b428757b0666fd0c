using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class SnapshotTests
{
    [Fact]
    public async Task A_snapshot_is_created_reverted_to_and_removed()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        byte[] before = await node.Datacenter.ReadAsync(machine.Uuid, "disk-0");

        SnapshotResult snapshot = await node.SucceedAsync<SnapshotResult>(new CreateSnapshotWork(node.Platform, machine.Uuid, "nightly", "Try"));
        await node.Datacenter.WriteAsync(machine.Uuid, "disk-0", 0, new byte[100_000]);
        TaskOutcome reverted = await node.DoAsync(new RevertSnapshotWork(node.Platform, machine.Uuid, snapshot.SnapshotId));
        TaskOutcome removed = await node.DoAsync(new RemoveSnapshotsWork(node.Platform, machine.Uuid, [snapshot.SnapshotId, snapshot.SnapshotId]));

        Assert.True(snapshot.IsQuiesced);
        Assert.True(reverted.End == TaskEnd.Succeeded, $"{reverted.Fault}");
        Assert.True(removed.End == TaskEnd.Succeeded, $"{removed.Fault}");
        Assert.Equal(before, await node.Datacenter.ReadAsync(machine.Uuid, "disk-0"));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_platform_without_snapshots_is_not_asked_for_one()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        PlatformReference without = node.Platform with { Settings = new Dictionary<string, string> { ["without"] = "Snapshots" } };

        TaskFault fault = await node.FailAsync(new CreateSnapshotWork(without, machine.Uuid, "nightly", "No"));

        Assert.Equal(ErrorCode.NotSupported, fault.Code);
    }

    [Fact]
    public async Task What_a_killed_backup_left_is_removed_and_said()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string killed = Guid.NewGuid().ToString();
        IConnector connector = new FakePlatform().Open(
            new ConnectorEndpoint(node.Datacenter.Path, "", TestNode.PlatformSecret, new Dictionary<string, string>()));
        await connector.OpenBackupAsync(
            new BackupOpening(killed, machine.Uuid, new HashSet<string>(), QuiesceMode.No, new Dictionary<string, ParentDisk>()), default);

        TaskOutcome spared = await node.DoAsync(new CleanUpWork(node.Platform, [killed]));
        int leftBefore = node.Datacenter.Leftovers().Count;
        TaskOutcome cleaned = await node.DoAsync(new CleanUpWork(node.Platform, []));

        Assert.Equal((TaskEnd.Succeeded, TaskEnd.Succeeded), (spared.End, cleaned.End));
        Assert.NotEqual(0, leftBefore);
        Assert.Contains(
            node.Channel.Reports.SelectMany(report => report.Lines).Concat(cleaned.Lines), line => line.Text.StartsWith("Removed", StringComparison.Ordinal));
        await node.NothingIsLeftAsync();
    }
}
