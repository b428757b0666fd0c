using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Tests.Tasks;

/// <summary>
/// Goal: whatever a task was at when the process ended, it is begun again or has failed and says why, and nothing is left in between. Method: a server and
/// its node end together at each stage of each type of task, and are built again on the same data.
/// </summary>
public sealed class RestartTests
{
    public enum Stage
    {
        Queued,
        Leased,
        Running,
    }

    public static TheoryData<TaskType, Stage, bool> Table()
    {
        var table = new TheoryData<TaskType, Stage, bool>();
        (TaskType Type, bool Repeatable)[] types =
        [
            (TaskType.Export, true), (TaskType.Restore, true), (TaskType.Import, false), (TaskType.Snapshot, false), (TaskType.SnapshotReversion, false),
            (TaskType.InventorySync, true), (TaskType.Verify, true), (TaskType.Collect, true), (TaskType.Delete, true), (TaskType.OldBackupsRemoval, true),
            (TaskType.OldSnapshotsRemoval, true), (TaskType.Mount, true), (TaskType.Unmount, true), (TaskType.ApplianceBackup, true),
            (TaskType.FileRestore, true),
        ];
        foreach ((TaskType type, bool repeatable) in types)
        {
            foreach (Stage stage in Enum.GetValues<Stage>())
            {
                table.Add(type, stage, repeatable);
            }
        }

        return table;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task An_interrupted_task_begins_again_or_fails_with_the_reason(TaskType type, Stage stage, bool repeatable)
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await QueueAsync(engine, type);
        if (stage != Stage.Queued)
        {
            ScriptedNode before = engine.Node;
            TaskOrder order = await before.LeaseAsync();
            Assert.Equal(task.Guid.ToString("D"), order.TaskGuid);
            if (stage == Stage.Running)
            {
                await before.ReportAsync(order, stored: 7);
            }
        }

        await engine.RestartAsync();

        task = await engine.TaskAsync(task.Guid);
        CatalogTask? half = task.LinkedTaskGuid is { } linked ? await engine.TaskAsync(linked) : null;
        if (stage != Stage.Queued && !repeatable)
        {
            Assert.Equal((TaskState.Failed, 5105), (task.State, task.ErrorCode));
            Assert.NotEmpty(task.StatusInfo!);
            Assert.True(half is null || half.State == TaskState.Failed);
            Assert.Equal(WorkflowState.Failed, (await engine.WorkflowAsync(task)).State);
            return;
        }

        Assert.Equal(TaskState.Queued, task.State);
        Assert.True(half is null || half.State == TaskState.Queued);
        ScriptedNode node = engine.Node;
        TaskOrder again = await TakeAsync(node, task);
        Assert.Equal(stage == Stage.Queued ? 1 : 2, again.Attempt);
        await node.SucceedAsync(again, ResultOf(type));
        Assert.Equal(TaskState.Finished, (await engine.TaskAsync(task.Guid)).State);
        Assert.True(half is null || (await engine.TaskAsync(half.Guid)).State == TaskState.Finished);
    }

    [Fact]
    public async Task What_was_left_on_the_platform_is_cleaned_up_before_and_running_tasks_are_named()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await engine.BackUpAsync();
        await engine.Node.LeaseAsync();

        await engine.RestartAsync();

        ScriptedNode node = engine.Node;
        List<Work> orders = [(await node.LeaseAsync()).Work, (await node.LeaseAsync()).Work];
        Assert.Contains(orders, work => work is CleanUpWork { Platform.Platform: "FAKE" });
        Assert.Contains(orders, work => work is BackupWork);
    }

    [Fact]
    public async Task A_task_that_is_interrupted_again_and_again_fails_in_the_end()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        for (int i = 0; i <= LostOrders.InterruptionsMax; i++)
        {
            Assert.Equal(TaskState.Queued, (await engine.TaskAsync(task.Guid)).State);
            await TakeAsync(engine.Node, task);
            await engine.RestartAsync();
        }

        task = await engine.TaskAsync(task.Guid);
        Assert.Equal((TaskState.Failed, 5105), (task.State, task.ErrorCode));
        Assert.Equal(RestorePointState.Failed, (await engine.PointAsync(task)).State);
    }

    [Fact]
    public async Task A_node_that_stops_in_good_order_gives_its_task_back_and_the_try_does_not_count()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;

        await node.FailAsync(await node.LeaseAsync(), Abstractions.ErrorCode.NodeStopped, Abstractions.RetryAdvice.Now);

        Assert.Equal((TaskState.Queued, RestorePointState.Pending), ((await engine.TaskAsync(task.Guid)).State, (await engine.PointAsync(task)).State));
        await node.SucceedAsync(await TakeAsync(node, task), ScriptedNode.Backup("p1"));
        Assert.Equal(TaskState.Finished, (await engine.TaskAsync(task.Guid)).State);
    }

    [Fact]
    public async Task A_node_silent_for_the_lease_time_loses_its_tasks_and_is_told_when_it_comes_back()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;
        TaskOrder order = await node.LeaseAsync();

        engine.Time.Advance(TimeSpan.FromHours(2.1));
        await engine.Get<TaskWatch>().LookAsync(default);

        Assert.Equal(TaskState.Queued, (await engine.TaskAsync(task.Guid)).State);
        Assert.Equal(TaskDirective.Abandon, await node.ReportAsync(order));
        TaskOrder again = await TakeAsync(node, task);
        Assert.Equal(2, again.Attempt);
        await node.SucceedAsync(order, ScriptedNode.Backup("of the dead"));
        await node.SucceedAsync(again, ScriptedNode.Backup("of the living"));
        Assert.Equal("of the living", (await engine.PointAsync(task)).RepositoryPointId);
    }

    [Fact]
    public async Task A_task_that_its_node_does_not_know_of_is_given_again_after_a_while()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;
        await node.LeaseAsync();
        node.Running.Clear();
        Assert.Null(await node.TryLeaseAsync());

        engine.Time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(2, (await TakeAsync(node, task)).Attempt);
    }

    [Fact]
    public async Task A_task_that_meets_a_busy_machine_begins_again_after_a_clean_up_and_only_once()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;

        await node.FailAsync(await node.LeaseAsync(), Abstractions.ErrorCode.MachineBusy);

        TaskOrder cleanUp = await node.LeaseAsync();
        Assert.IsType<CleanUpWork>(cleanUp.Work);
        Assert.Null(await node.TryLeaseAsync());
        await node.SucceedAsync(cleanUp, result: null);
        TaskOrder again = await node.LeaseAsync();
        Assert.Equal((task.Guid.ToString("D"), 2), (again.TaskGuid, again.Attempt));
        await node.FailAsync(again, Abstractions.ErrorCode.MachineBusy);
        task = await engine.TaskAsync(task.Guid);
        Assert.Equal((TaskState.Failed, (int)Abstractions.ErrorCode.MachineBusy), (task.State, task.ErrorCode));
    }

    [Fact]
    public async Task A_task_that_met_a_busy_machine_begins_again_though_the_clean_up_failed()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await engine.BackUpAsync();
        ScriptedNode node = engine.Node;

        await node.FailAsync(await node.LeaseAsync(), Abstractions.ErrorCode.MachineBusy);
        await node.FailAsync(await node.LeaseAsync());

        Assert.IsType<BackupWork>((await node.LeaseAsync()).Work);
    }

    private static Task<TaskOrder> TakeAsync(ScriptedNode node, CatalogTask task) => node.TakeAsync(task.Guid.ToString("D"));

    private static async Task<CatalogTask> QueueAsync(TestEngine engine, TaskType type)
    {
        var requests = engine.Get<TaskRequests>();
        TaskOrigin origin = TaskOrigin.Appliance;
        RestorePoint? point = type is TaskType.Restore or TaskType.Import or TaskType.Delete or TaskType.OldBackupsRemoval or TaskType.Mount or TaskType.Unmount or TaskType.FileRestore ? await engine.BackedUpAsync("p1") : null;
        Snapshot? snapshot = type is TaskType.SnapshotReversion or TaskType.OldSnapshotsRemoval
            ? new Snapshot { Name = "s", Uuid = "s1", MachineGuid = engine.Machine.Guid, State = SnapshotState.Present, CreatedAt = engine.Time.GetUtcNow() }
            : null;
        var plain = new PlainRequest();
        return await engine.WriteAsync(async tx =>
        {
            if (snapshot is not null)
            {
                await tx.Snapshots.InsertAsync(snapshot, default);
            }

            return type switch
            {
                TaskType.Export => (await requests.ExportAsync(tx, new ExportRequest { Machines = [engine.Machine.Guid], BackupType = BackupType.Full }, origin, default))[0],
                TaskType.Restore => await requests.RestoreAsync(
                    tx, new RestoreRequest { Point = point!.Guid, Files = new FilesParameters("/restore", "raw", IsSparse: true) }, origin, default),
                TaskType.Import => await requests.RestoreAndImportAsync(tx, new ImportRequest { Point = point!.Guid }, origin, default),
                TaskType.Snapshot => (await requests.SnapshotAsync(tx, new SnapshotRequest { Machines = [engine.Machine.Guid] }, origin, default))[0],
                TaskType.SnapshotReversion => await requests.RevertAsync(tx, snapshot!.Guid, plain, origin, default),
                TaskType.InventorySync => await requests.InventorySyncAsync(tx, engine.Manager.Guid, plain, origin, default),
                TaskType.Verify => await requests.VerifyAsync(tx, new VerifyRequest { Destination = engine.Destination.Guid }, origin, default),
                TaskType.Collect => await requests.CollectAsync(tx, engine.Destination.Guid, plain, origin, default),
                TaskType.Delete => (await requests.DeleteAsync(tx, [point!.Guid], plain, origin, default))[0],
                TaskType.OldBackupsRemoval => await requests.RemoveOldAsync(tx, engine.Destination.Guid, [point!.Guid], machine: null, default),
                TaskType.Mount => await requests.MountAsync(tx, new MountRequest { Point = point!.Guid }, origin, default),
                TaskType.Unmount => await UnmountAsync(tx, requests, point!),
                TaskType.FileRestore => await RestoreFilesAsync(tx, requests, point!),
                TaskType.ApplianceBackup => await CopyAsync(tx, requests, engine),
                TaskType.OldSnapshotsRemoval => await requests.RemoveSnapshotsAsync(tx, engine.Machine, [snapshot!.Guid], origin, default),
                _ => throw new ArgumentOutOfRangeException(nameof(type)),
            };
        });
    }

    private static async Task<CatalogTask> CopyAsync(CatalogTransaction transaction, TaskRequests requests, TestEngine engine)
    {
        Destination destination = await transaction.Destinations.GetAsync(engine.Destination.Guid, default);
        byte[] key = engine.Get<SecretBox>().Seal("pass phrase"u8, References.PurposeOfDestination(destination.Guid));
        await transaction.Destinations.UpdateAsync(destination with { SealedKey = key }, default);
        return await requests.ApplianceBackupAsync(transaction, destination.Guid, engine.Get<LocalNode>().Guid, new PlainRequest(), TaskOrigin.Appliance, default);
    }

    private static async Task<CatalogTask> UnmountAsync(CatalogTransaction transaction, TaskRequests requests, RestorePoint point)
    {
        var mount = new Mount { RestorePointGuid = point.Guid, Mode = MountMode.Nbd, State = MountState.Mounted, CreatedAt = point.CreatedAt };
        await transaction.Mounts.InsertAsync(mount, default);
        return await requests.UnmountAsync(transaction, new UnmountRequest { Mount = mount.Guid }, TaskOrigin.Appliance, default);
    }

    private static async Task<CatalogTask> RestoreFilesAsync(CatalogTransaction transaction, TaskRequests requests, RestorePoint point)
    {
        var mount = new Mount { RestorePointGuid = point.Guid, Mode = MountMode.Nbd, State = MountState.Mounted, CreatedAt = point.CreatedAt };
        await transaction.Mounts.InsertAsync(mount, default);
        var files = new GuestFilesParameters("ubda1", ["/etc"], Folder: null, ExistingFiles.Keep, Suffix: "");
        return await requests.RestoreFilesAsync(transaction, new FileRestoreRequest { Mount = mount.Guid, Files = files }, TaskOrigin.Appliance, default);
    }

    private static WorkResult? ResultOf(TaskType type) => type switch
    {
        TaskType.Export => ScriptedNode.Backup("p2"),
        TaskType.Restore or TaskType.Import => new RestoreResult(MachineUuid: null, ["/restore/vda.raw"], 5, []),
        TaskType.Snapshot => new SnapshotResult("s1", DateTimeOffset.UnixEpoch, IsQuiesced: true),
        TaskType.InventorySync => new InventoryResult { Hosts = [], Clusters = [], Storages = [], Networks = [], Machines = [] },
        TaskType.Verify => new VerifyWorkResult(10, 0, []),
        TaskType.Collect => new CollectWorkResult(1, 2, 3),
        TaskType.FileRestore => new GuestFilesResult(1, 2, 3, 4, 0, []),
        TaskType.ApplianceBackup => new ApplianceBackupResult("0123456789", DateTimeOffset.UnixEpoch, 1, 2, 3),
        _ => null,
    };
}
