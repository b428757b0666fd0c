using System.Diagnostics;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Tests.Conformance;

public abstract partial class ConnectorConformance
{
    [Fact]
    public async Task Backup_that_is_not_committed_leaves_nothing_and_the_parent_stays()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 1);
        var random = new Random(8);
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, random);
        Generation parent = await BackUpAsync(platform, connector, uuid, new Generation());
        for (int attempt = 0; attempt < 3; attempt++)
        {
            await WriteRandomlyAsync(platform, uuid, model, random);
            await (await connector.OpenBackupAsync(Opening(uuid, parents: parent.Disks), CancellationToken.None)).DisposeAsync();
            Assert.Empty(await platform.LeftoversAsync());
        }

        await using IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid, parents: parent.Disks), CancellationToken.None);
        Generation next = await ReadChangesAsync(platform, access, parent, mustBeDelta: connector.Capabilities.ChangedBlocks);
        Assert.All(model, pair => Assert.Equal(pair.Value, next.Images[pair.Key]));
    }

    [Fact]
    public async Task Clean_up_after_a_crash_removes_what_was_left_and_spares_everything_else()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        string crashed = await platform.AddMachineAsync("crashed", isRunning: true, diskCount: 1);
        string working = await platform.AddMachineAsync("working", isRunning: true, diskCount: 1);
        string task = NewTask();
        await using IConnector dying = platform.Factory.Open(platform.Endpoint);
        Dictionary<string, byte[]> model = await FillAsync(platform, dying, crashed, new Random(9));
        Generation parent = await BackUpAsync(platform, dying, crashed, new Generation());
        await platform.CrashAsync(await dying.OpenBackupAsync(Opening(crashed, parents: parent.Disks), CancellationToken.None));

        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        Dictionary<string, byte[]> workingModel = await FillAsync(platform, connector, working, new Random(10));
        await using (IBackupAccess access = await connector.OpenBackupAsync(Opening(working, task), CancellationToken.None))
        {
            Assert.NotEmpty(await connector.CleanUpAsync(new HashSet<string> { task }, CancellationToken.None));
            Assert.All(await platform.LeftoversAsync(), left => Assert.Contains(TaskMark.Of(task), left, StringComparison.Ordinal));
            Dictionary<string, byte[]> images = await ReadAllAsync(platform, access);
            Assert.All(workingModel, pair => Assert.Equal(pair.Value, images[pair.Key]));
            await access.CommittedAsync(CancellationToken.None);
        }

        Assert.Empty(await platform.LeftoversAsync());
        Assert.Empty(await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None));
        Generation next = await BackUpAsync(platform, connector, crashed, parent);
        Assert.All(model, pair => Assert.Equal(pair.Value, next.Images[pair.Key]));
        await using IBackupAccess last = await connector.OpenBackupAsync(Opening(crashed, parents: next.Disks), CancellationToken.None);
        _ = await ReadChangesAsync(platform, last, next, mustBeDelta: connector.Capabilities.ChangedBlocks);
    }

    [Fact]
    public async Task Clean_up_after_a_crash_removes_half_a_restored_machine()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector dying = platform.Factory.Open(platform.Endpoint);
        if (!dying.Capabilities.Restore)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: !dying.Capabilities.OfflineBackup, diskCount: 1);
        Copy copy = await CopyAsync(platform, dying, uuid);
        await platform.CrashAsync(await dying.OpenRestoreAsync(RestoreOf(copy) with { Name = "half" }, CancellationToken.None));
        Assert.NotEmpty(await platform.LeftoversAsync());
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        Assert.NotEmpty(await connector.CleanUpAsync(new HashSet<string>(), CancellationToken.None));
        Assert.Empty(await platform.LeftoversAsync());
        Assert.Equal([uuid], (await connector.ReadInventoryAsync(CancellationToken.None)).Machines.Select(machine => machine.Uuid));
    }

    /// <summary>Goal: cancelled at whatever moment, nothing stays. Method: cancel at moments spread over the usual length of the call.</summary>
    [Fact]
    public async Task Cancellation_at_any_moment_leaves_nothing()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 2);
        Copy copy = await CopyAsync(platform, connector, uuid);
        await CancelAtManyMomentsAsync(platform, async stop => await connector.OpenBackupAsync(Opening(uuid), stop));
        if (connector.Capabilities.Restore)
        {
            await CancelAtManyMomentsAsync(platform, async stop => await connector.OpenRestoreAsync(RestoreOf(copy) with { Name = "half" }, stop));
        }

        if (connector.Capabilities.Snapshots)
        {
            await CancelAtManyMomentsAsync(platform, async stop =>
            {
                MachineSnapshot made = await connector.CreateSnapshotAsync(new SnapshotCreation(NewTask(), uuid, "vprotect-x", QuiesceMode.No), stop);
                await connector.RemoveSnapshotAsync(uuid, made.Id, CancellationToken.None);
                return null;
            });
            Assert.Empty(await connector.ListSnapshotsAsync(uuid, CancellationToken.None));
        }

        Generation next = await BackUpAsync(platform, connector, uuid, new Generation());
        Assert.All(copy.Images, pair => Assert.Equal(pair.Value, next.Images[pair.Key]));
    }

    private static async Task CancelAtManyMomentsAsync(ConformancePlatform platform, Func<CancellationToken, Task<IAsyncDisposable?>> call)
    {
        long started = Stopwatch.GetTimestamp();
        await using (await call(CancellationToken.None))
        {
        }

        TimeSpan usual = Stopwatch.GetElapsedTime(started);
        for (int round = 0; round <= platform.Rounds; round++)
        {
            using var stop = new CancellationTokenSource();
            stop.CancelAfter(usual * round / platform.Rounds);
            try
            {
                await using IAsyncDisposable? access = await call(stop.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.True(stop.IsCancellationRequested);
            }

            Assert.Empty(await platform.LeftoversAsync());
        }
    }
}
