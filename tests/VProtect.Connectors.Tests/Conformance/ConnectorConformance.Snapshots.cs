using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Tests.Conformance;

public abstract partial class ConnectorConformance
{
    [Fact]
    public async Task Snapshot_is_listed_reverted_to_and_removed()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!connector.Capabilities.Snapshots)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: false, diskCount: 2);
        var random = new Random(6);
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, random);
        Dictionary<string, byte[]> before = Clone(model);
        MachineSnapshot made = await connector.CreateSnapshotAsync(
            new SnapshotCreation(NewTask(), uuid, "vprotect-nightly-1", QuiesceMode.No), CancellationToken.None);
        await WriteRandomlyAsync(platform, uuid, model, random);
        MachineSnapshot second = await connector.CreateSnapshotAsync(
            new SnapshotCreation(NewTask(), uuid, "vprotect-nightly-2", QuiesceMode.No), CancellationToken.None);
        await WriteRandomlyAsync(platform, uuid, model, random);
        IReadOnlyList<MachineSnapshot> listed = await connector.ListSnapshotsAsync(uuid, CancellationToken.None);
        Assert.Equal([made.Id, second.Id], listed.Select(snapshot => snapshot.Id));
        Assert.Equal(["vprotect-nightly-1", "vprotect-nightly-2"], listed.Select(snapshot => snapshot.Name));
        Assert.All(listed, snapshot => Assert.True(snapshot.IsOurs));
        Assert.Empty(await platform.LeftoversAsync());

        await connector.RevertSnapshotAsync(uuid, made.Id, CancellationToken.None);
        foreach ((string disk, byte[] content) in before)
        {
            Assert.Equal(content, await platform.ReadAsync(uuid, disk));
        }

        // What is kept is not what a killed task left.
        await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None);
        Assert.Contains(await connector.ListSnapshotsAsync(uuid, CancellationToken.None), snapshot => snapshot.Id == made.Id);
        foreach (MachineSnapshot snapshot in listed)
        {
            await connector.RemoveSnapshotAsync(uuid, snapshot.Id, CancellationToken.None);
            await connector.RemoveSnapshotAsync(uuid, snapshot.Id, CancellationToken.None);
        }

        Assert.Empty(await connector.ListSnapshotsAsync(uuid, CancellationToken.None));
        await FailsAsync(ErrorCode.MachineNotFound, () => connector.RevertSnapshotAsync(uuid, made.Id, CancellationToken.None));
    }

    [Fact]
    public async Task Snapshots_of_others_are_seen_and_never_touched()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: false, diskCount: 1);
        if (!connector.Capabilities.Snapshots || await platform.AddForeignSnapshotAsync(uuid, "before the update") is not { } foreign)
        {
            return;
        }

        await FailsAsync(code: null, () => connector.RemoveSnapshotAsync(uuid, foreign, CancellationToken.None));
        await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None);
        if (connector.Capabilities.OfflineBackup)
        {
            _ = await BackUpAsync(platform, connector, uuid, new Generation());
        }

        MachineSnapshot listed = Assert.Single(await connector.ListSnapshotsAsync(uuid, CancellationToken.None));
        Assert.Equal((foreign, "before the update", false), (listed.Id, listed.Name, listed.IsOurs));
    }

    [Fact]
    public async Task Delta_after_a_revert_is_true_or_not_told()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!connector.Capabilities.Snapshots || !connector.Capabilities.OfflineBackup)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: false, diskCount: 1);
        var random = new Random(7);
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, random);
        Dictionary<string, byte[]> before = Clone(model);
        MachineSnapshot snapshot = await connector.CreateSnapshotAsync(
            new SnapshotCreation(NewTask(), uuid, "vprotect-before", QuiesceMode.No), CancellationToken.None);
        await WriteRandomlyAsync(platform, uuid, model, random);
        Generation parent = await BackUpAsync(platform, connector, uuid, new Generation());
        await connector.RevertSnapshotAsync(uuid, snapshot.Id, CancellationToken.None);
        Generation next = await BackUpAsync(platform, connector, uuid, parent);
        Assert.All(before, pair => Assert.Equal(pair.Value, next.Images[pair.Key]));
    }
}
