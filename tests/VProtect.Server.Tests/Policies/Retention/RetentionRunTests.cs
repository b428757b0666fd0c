using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Policies;
using VProtect.Server.Policies.Retention;
using VProtect.Server.Scheduling;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;
using VProtect.Server.Tests.Scheduling;
using VProtect.Server.Tests.Tasks;

namespace VProtect.Server.Tests.Policies.Retention;

public sealed class RetentionRunTests
{
    [Fact]
    public async Task After_a_backup_what_is_too_much_is_forgotten_then_its_row_goes_then_space_is_collected()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Guid rule = await RuleAsync(engine);
        ScriptedNode node = engine.Node;
        foreach (string id in (string[])["p1", "p2", "p3"])
        {
            await BackUpAsync(engine, rule, id);
            engine.Time.Advance(TimeSpan.FromHours(1));
        }

        TaskOrder order = await node.LeaseAsync();
        Assert.Equal(["p1"], Assert.IsType<ForgetWork>(order.Work).PointIds);
        Assert.Equal(RestorePointState.Removing, (await PointAsync(engine, "p1"))!.State);
        await node.SucceedAsync(order, result: null);
        Assert.Null(await PointAsync(engine, "p1"));
        Assert.Equal(2, await CountAsync(engine));

        DestinationTimes times = engine.Get<IEnumerable<IUpkeep>>().OfType<DestinationTimes>().Single();
        await times.LookAsync(default);
        await times.LookAsync(default);
        List<Work> works = [(await node.DoAsync(new CollectWorkResult(1, 2, 3))).Work];
        while (await node.TryLeaseAsync() is { } more)
        {
            works.Add(more.Work);
            await node.FailAsync(more);
        }

        Assert.Single(works.OfType<CollectWork>());
    }

    [Fact]
    public async Task A_failure_leaves_the_row_and_the_next_day_tries_again()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Guid rule = await RuleAsync(engine);
        ScriptedNode node = engine.Node;
        foreach (string id in (string[])["p1", "p2", "p3"])
        {
            await BackUpAsync(engine, rule, id);
            engine.Time.Advance(TimeSpan.FromHours(1));
        }

        await node.FailAsync(await node.LeaseAsync(), ErrorCode.StoreFailed, RetryAdvice.Never);
        RestorePoint point = (await PointAsync(engine, "p1"))!;
        Assert.Equal(RestorePointState.Success, point.State);
        Assert.Contains("cannot be read", point.StatusInfo, StringComparison.Ordinal);

        RetentionTimes daily = engine.Get<IEnumerable<IUpkeep>>().OfType<RetentionTimes>().Single();
        await daily.LookAsync(default);
        await daily.LookAsync(default);
        await node.DoAsync(result: null);
        Assert.Null(await PointAsync(engine, "p1"));
        Assert.Null(await node.TryLeaseAsync());
    }

    [Fact]
    public async Task Held_archived_and_last_ones_stay_and_what_was_held_meanwhile_is_left_alone()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Guid rule = await RuleAsync(engine);
        ScriptedNode node = engine.Node;
        await BackUpAsync(engine, rule, "p1");
        await ChangeAsync(engine, "p1", point => point with { Held = true, HoldReason = "case 7" });
        foreach (string id in (string[])["p2", "p3", "p4"])
        {
            engine.Time.Advance(TimeSpan.FromHours(1));
            await BackUpAsync(engine, rule, id);
        }

        // p2 is too much, but by the time its task begins somebody has marked it.
        await ChangeAsync(engine, "p2", point => point with { RetentionHint = RetentionHint.Archive });
        Assert.Null(await node.TryLeaseAsync());
        Assert.Equal(4, await CountAsync(engine));
        Assert.Equal(TaskState.Finished, (await LastAsync(engine, TaskType.OldBackupsRemoval)).State);
        Assert.Equal(0, await engine.Get<RetentionRun>().RunAsync(default));
    }

    [Fact]
    public async Task A_held_or_locked_backup_cannot_be_deleted_and_one_that_never_was_goes_without_a_node()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint point = await engine.BackedUpAsync("p1");
        await ChangeAsync(engine, "p1", row => row with { Held = true, HoldReason = "case 7" });
        Assert.Equal(ErrorCode.RestorePointHeld, (await Assert.ThrowsAsync<VProtectException>(() => DeleteAsync(engine, point.Guid))).Code);
        await ChangeAsync(engine, "p1", row => row with { Held = false, LockedUntil = engine.Time.GetUtcNow().AddDays(1) });
        Assert.Equal(ErrorCode.RestorePointHeld, (await Assert.ThrowsAsync<VProtectException>(() => DeleteAsync(engine, point.Guid))).Code);

        CatalogTask failed = await engine.BackUpAsync();
        await engine.Node.FailAsync(await engine.Node.LeaseAsync(), retry: RetryAdvice.Never);
        await DeleteAsync(engine, failed.RestorePointGuid!.Value);
        Assert.Null(await engine.Node.TryLeaseAsync());
        Assert.Null(await engine.ReadAsync(session => session.RestorePoints.FindAsync(failed.RestorePointGuid.Value, default)));
    }

    [Fact]
    public async Task Snapshots_of_a_rule_go_when_there_are_enough_newer_ones()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var policy = new Policy { Name = "snapshots", Kind = PolicyKind.VmSnapshot };
        var rule = new Rule { Name = "hourly", PolicyGuid = policy.Guid, RetentionVersions = 1 };
        await engine.WriteAsync(async tx =>
        {
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
        });
        engine.Get<PolicyBook>().Forget();
        ScriptedNode node = engine.Node;
        foreach (string id in (string[])["s1", "s2"])
        {
            await engine.WriteAsync(tx => engine.Get<TaskRequests>().SnapshotAsync(
                tx, new SnapshotRequest { Machines = [engine.Machine.Guid], Rule = rule.Guid }, TaskOrigin.Appliance, default));
            Assert.IsType<CreateSnapshotWork>((await node.DoAsync(new SnapshotResult(id, engine.Time.GetUtcNow(), IsQuiesced: true))).Work);
            engine.Time.Advance(TimeSpan.FromHours(1));
        }

        TaskOrder order = await node.DoAsync(result: null);

        Assert.Equal(["s1"], Assert.IsType<RemoveSnapshotsWork>(order.Work).SnapshotIds);
        Snapshot left = Assert.Single((await engine.ReadAsync(session => session.Snapshots.ListAsync(engine.Machine.Guid, policy: null, new(), default))).Rows);
        Assert.Equal(("s2", SnapshotState.Present, true), (left.Uuid, left.State, left.Quiesced));
    }

    private static async Task<Guid> RuleAsync(TestEngine engine)
    {
        Policy policy = await ScheduledRunsTests.PolicyAsync(engine);
        engine.Get<PolicyBook>().Forget();
        return (await engine.ReadAsync(session => session.Rules.ListAsync(policy.Guid, new ListQuery(), default))).Rows[0].Guid;
    }

    private static async Task BackUpAsync(TestEngine engine, Guid rule, string pointId)
    {
        var request = new ExportRequest { Machines = [engine.Machine.Guid], Rules = [rule], BackupType = BackupType.Full };
        CatalogTask task = (await engine.WriteAsync(tx => engine.Get<TaskRequests>().ExportAsync(tx, request, TaskOrigin.Appliance, default)))[0];
        TaskOrder order = await engine.Node.LeaseAsync();
        Assert.Equal(task.Guid.ToString("D"), order.TaskGuid);
        await engine.Node.SucceedAsync(order, ScriptedNode.Backup(pointId));
    }

    private static Task<RestorePoint?> PointAsync(TestEngine engine, string id) =>
        engine.ReadAsync(session => session.RestorePoints.FindInRepositoryAsync(engine.Destination.Guid, id, default));

    private static Task<long> ChangeAsync(TestEngine engine, string id, Func<RestorePoint, RestorePoint> change) => engine.WriteAsync(async tx =>
        await tx.RestorePoints.UpdateAsync(change((await tx.RestorePoints.FindInRepositoryAsync(engine.Destination.Guid, id, default))!), default));

    private static Task<IReadOnlyList<CatalogTask>> DeleteAsync(TestEngine engine, Guid point) =>
        engine.WriteAsync(tx => engine.Get<TaskRequests>().DeleteAsync(tx, [point], new PlainRequest(), TaskOrigin.Appliance, default));

    private static async Task<long> CountAsync(TestEngine engine) =>
        (await engine.ReadAsync(session => session.RestorePoints.ListAsync(new RestorePointFilter(), new ListQuery(), default))).Total;

    private static async Task<CatalogTask> LastAsync(TestEngine engine, TaskType type) =>
        (await engine.ReadAsync(session => session.Tasks.ListAsync(new TaskFilter { Types = [type] }, new ListQuery(), default))).Rows[0];
}
