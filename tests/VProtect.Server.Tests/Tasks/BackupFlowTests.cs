using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tests.Tasks;

public sealed class BackupFlowTests
{
    [Fact]
    public async Task A_backup_is_one_workflow_of_two_tasks_and_a_restore_point_from_request_to_end()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync();
        Assert.Equal(RestorePointState.Pending, (await engine.PointAsync(export)).State);
        CatalogTask store = await engine.TaskAsync(export.LinkedTaskGuid!.Value);
        Assert.Equal((TaskType.Store, export.Guid, TaskState.Queued), (store.Type, store.LinkedTaskGuid, store.State));

        ScriptedNode node = engine.Node;
        TaskOrder order = await node.LeaseAsync();
        BackupWork work = Assert.IsType<BackupWork>(order.Work);
        Assert.Equal((engine.Machine.Guid.ToString("D"), "uuid-web", "/nowhere", "EXPORT"), (work.History, work.MachineUuid, work.Repository.Location, work.Environment["VP_TASK_TYPE"]));
        Assert.Equal(RestorePointState.Running, (await engine.PointAsync(export)).State);
        Assert.Equal(TaskDirective.Continue, await node.ReportAsync(order));
        Assert.Equal(TaskState.Queued, (await engine.TaskAsync(store.Guid)).State);
        engine.Time.Advance(TimeSpan.FromSeconds(10));
        await node.ReportAsync(order, done: 60, stored: 20, lines: new TaskLine(engine.Time.GetUtcNow(), LineLevel.Warning, "A disk is slow."));
        store = await engine.TaskAsync(store.Guid);
        CatalogTask running = await engine.TaskAsync(export.Guid);
        Assert.Equal((TaskState.Running, 20), (store.State, store.BytesDone));
        Assert.Equal((60, 60L, 100L, 1), (running.Percent, running.BytesDone, running.BytesTotal, running.Warnings));
        Assert.InRange(running.RateBytes, 1, 5); // 50 bytes in 10 s and what the test itself took

        await node.SucceedAsync(order, ScriptedNode.Backup("p1", "full", "A disk is slow.", "No agent."));

        running = await engine.TaskAsync(export.Guid);
        Assert.Equal((TaskState.Finished, TaskState.Finished, 2), (running.State, (await engine.TaskAsync(store.Guid)).State, running.Warnings));
        Assert.Equal(WorkflowState.FinishedWithWarnings, (await engine.WorkflowAsync(export)).State);
        RestorePoint point = await engine.PointAsync(export);
        Assert.Equal(
            ("p1", RestorePointState.Success, BackupType.Full, 1000L, 600L, 400L, 305L),
            (point.RepositoryPointId, point.State, point.Type, point.SizeBytes, point.ChangedBytes, point.NewBytes, point.StoredBytes));
        Assert.Equal("vda", Assert.Single((await engine.ReadAsync(session => session.RestorePointDisks.ListAsync(point.Guid, new(), default))).Rows).DeviceId);
        Machine machine = await engine.ReadAsync(session => session.Machines.GetAsync(engine.Machine.Guid, default));
        Assert.Equal((RestorePointState.Success, (long?)1000, true), (machine.LastBackupState, machine.LastSuccessBytes, machine.WarningsPresent));
    }

    [Theory]
    [InlineData(BackupType.Full, BackupType.Full)]
    [InlineData(BackupType.Incremental, BackupType.Incremental)]
    public async Task A_backup_that_compares_is_what_was_asked_for_and_its_destination_grows_at_once(BackupType asked, BackupType becomes)
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync(type: asked);
        await engine.Node.SucceedAsync(await engine.Node.LeaseAsync(), ScriptedNode.Backup("p1", "compare"));
        RestorePoint point = await engine.PointAsync(export);
        Assert.Equal(becomes, point.Type);
        Assert.Equal(point.StoredBytes, (await engine.ReadAsync(session => session.Destinations.GetAsync(point.DestinationGuid, default))).UsedBytes);
    }

    [Fact]
    public async Task An_outcome_that_is_told_twice_counts_once_and_one_of_an_earlier_try_not_at_all()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync(retries: 1);
        ScriptedNode node = engine.Node;
        TaskOrder first = await node.LeaseAsync();
        await node.FailAsync(first);
        Assert.Equal(TaskDirective.Abandon, await node.ReportAsync(first));
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        TaskOrder second = await node.LeaseAsync();
        Assert.Equal((first.TaskGuid, 2), (second.TaskGuid, second.Attempt));

        await node.SucceedAsync(first, ScriptedNode.Backup("wrong"));
        Assert.Equal(TaskState.Running, (await engine.TaskAsync(export.Guid)).State);
        await node.SucceedAsync(second, ScriptedNode.Backup("right"));
        await node.SucceedAsync(second, ScriptedNode.Backup("again"));

        Assert.Equal("right", (await engine.PointAsync(export)).RepositoryPointId);
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_down_fails_the_task_and_is_not_told_for_ever()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;
        BackupResult twice = ScriptedNode.Backup("p1");

        await node.SucceedAsync(await node.LeaseAsync(), twice with { Disks = [twice.Disks[0], twice.Disks[0]] });

        CatalogTask failed = await engine.TaskAsync(export.Guid);
        Assert.Equal((TaskState.Failed, 5101, RestorePointState.Failed), (failed.State, failed.ErrorCode, (await engine.PointAsync(export)).State));
    }

    [Fact]
    public async Task What_cannot_begin_fails_at_once_with_the_reason_and_the_next_one_begins()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask bad = await engine.BackUpAsync(priority: 90);
        Machine other = engine.NewMachine("db");
        await engine.WriteAsync(tx => tx.Machines.InsertAsync(other, default));
        CatalogTask good = await engine.BackUpAsync(machine: other);
        await engine.WriteAsync(tx => tx.Machines.UpdateAsync(engine.Machine with { Present = false }, default));

        TaskOrder order = await engine.Node.LeaseAsync();

        Assert.Equal(good.Guid.ToString("D"), order.TaskGuid);
        bad = await engine.TaskAsync(bad.Guid);
        Assert.Equal((TaskState.Failed, 3010), (bad.State, bad.ErrorCode));
        Assert.Contains("web", bad.StatusInfo, StringComparison.Ordinal);
        Assert.Equal((RestorePointState.Failed, WorkflowState.Failed), ((await engine.PointAsync(bad)).State, (await engine.WorkflowAsync(bad)).State));
    }

    [Fact]
    public async Task An_errand_comes_before_tasks_and_its_failure_is_the_callers()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await engine.BackUpAsync();
        var errands = engine.Get<VProtect.Server.Tasks.Errands>();
        var work = new OpenRepositoryWork(new RepositoryReference("g", "/x", Secret: null, ReserveBytes: null), CreatesIfMissing: true);
        Task<WorkResult?> first = errands.RunAsync(work, TimeSpan.FromSeconds(30), default);
        ScriptedNode node = engine.Node;
        TaskOrder order = (await node.TryLeaseAsync(slots: 0))!;
        await node.SucceedAsync(order, new CheckPlatformResult(IsUsable: true, "fake", []));
        Assert.IsType<CheckPlatformResult>(await first);

        Task<WorkResult?> second = errands.RunAsync(work, TimeSpan.FromSeconds(30), default);
        await node.FailAsync(await node.LeaseAsync(), Abstractions.ErrorCode.StoreDenied);
        Assert.Equal(Abstractions.ErrorCode.StoreDenied, (await Assert.ThrowsAsync<Abstractions.VProtectException>(() => second)).Code);
        Assert.Null(await node.TryLeaseAsync(slots: 0));

        Task<WorkResult?> third = errands.RunAsync(work, TimeSpan.FromMilliseconds(50), default);
        Assert.Equal(Abstractions.ErrorCode.NoNode, (await Assert.ThrowsAsync<Abstractions.VProtectException>(() => third)).Code);
        Assert.IsType<BackupWork>((await node.LeaseAsync()).Work);
    }
}
