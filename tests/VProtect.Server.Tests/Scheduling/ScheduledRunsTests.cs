using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Rebuild;
using VProtect.Server.Scheduling;
using VProtect.Server.Tests.Tasks;

namespace VProtect.Server.Tests.Scheduling;

public sealed class ScheduledRunsTests
{
    [Fact]
    public async Task Days_pass_and_each_has_its_run_also_over_restarts()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await PolicyAsync(engine, Schedules.Daily("22:00"));
        ScriptedNode node = engine.Node;
        for (int day = 1; day <= 5; day++)
        {
            engine.Time.Advance(TimeSpan.FromHours(9)); // 21:00
            Assert.Equal(0, await RunAsync(engine));
            engine.Time.Advance(TimeSpan.FromHours(1)); // 22:00
            await RunAsync(engine);
            Assert.Equal(0, await RunAsync(engine));
            if (day % 2 == 0)
            {
                await engine.RestartAsync();
                node = engine.Node;
                Assert.Equal(0, await RunAsync(engine));
            }

            IReadOnlyList<CatalogTask> tasks = await TasksAsync(engine);
            Assert.Equal(day, tasks.Count);
            await node.SucceedAsync(await node.TakeAsync(tasks[0].Guid.ToString("D")), ScriptedNode.Backup($"p{day}"));
            engine.Time.Advance(TimeSpan.FromHours(14));
        }

        Schedule schedule = (await engine.ReadAsync(session => session.Schedules.ListAsync(type: null, tenant: null, new(), default))).Rows[0];
        Assert.Equal(Schedules.At("2026-03-05 22:00"), schedule.LastRunAt);
        Assert.Equal(Schedules.At("2026-03-06 22:00"), schedule.NextRunAt);
    }

    [Fact]
    public async Task Nothing_is_started_by_the_clock_while_another_life_of_the_appliance_has_its_place()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await PolicyAsync(engine, Schedules.Daily("22:00"));
        engine.Time.Advance(TimeSpan.FromHours(10));
        await RunAsync(engine);
        CatalogTask refused = Assert.Single(await TasksAsync(engine));
        await engine.Node.FailAsync(await engine.Node.TakeAsync(refused.Guid.ToString("D")), ErrorCode.ApplianceSuperseded, RetryAdvice.Never);
        engine.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await RunAsync(engine));
        Assert.Single(await TasksAsync(engine));

        // What went wrong in another way, or well at another place, tells nothing of it.
        engine.Get<Succession>().Note(engine.Destination.Guid, Ended(fault: new TaskFault(ErrorCode.StoreFull, ErrorSide.Repository, "It is full.", "Make space.", RetryAdvice.Later)));
        engine.Get<Succession>().Note(Guid.NewGuid(), Ended(ScriptedNode.Backup("p1")));
        Assert.Equal(0, await RunAsync(engine));

        // A backup that somebody asks for goes through: so does what was missed, once.
        CatalogTask asked = await engine.BackUpAsync();
        await engine.Node.SucceedAsync(await engine.Node.TakeAsync(asked.Guid.ToString("D")), ScriptedNode.Backup("p2"));
        Assert.InRange(await RunAsync(engine), 1, 10);
        Assert.Equal(0, await RunAsync(engine));

        static Abstractions.Nodes.TaskOutcome Ended(WorkResult? result = null, TaskFault? fault = null) =>
            new() { TaskGuid = "", Attempt = 1, End = fault is null ? TaskEnd.Succeeded : TaskEnd.Failed, Result = result, Fault = fault };
    }

    [Fact]
    public async Task Times_that_were_missed_run_once_and_not_at_all_when_their_window_is_over()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await PolicyAsync(engine, Schedules.Every("00:00", "23:00", minutes: 60));
        engine.Time.Advance(TimeSpan.FromHours(30));
        await RunAsync(engine);
        Assert.Equal(1, await CountAsync(engine));

        await using TestEngine late = await TestEngine.StartAsync();
        await PolicyAsync(late, Schedules.Daily("22:00") with { StartWindow = TimeSpan.FromHours(2) });
        late.Time.Advance(TimeSpan.FromHours(13));
        await RunAsync(late);
        Assert.Equal(0, await CountAsync(late));
        late.Time.Advance(TimeSpan.FromHours(22));
        await RunAsync(late);
        CatalogTask task = Assert.Single(await TasksAsync(late));
        Assert.Equal((Schedules.At("2026-03-03 00:00"), OriginType.Schedule), (task.WindowEnd, task.OriginType));
    }

    [Fact]
    public async Task Two_schedules_of_one_rule_at_one_instant_are_one_full_run()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        await PolicyAsync(
            engine, Schedules.Daily("22:00"), Schedules.Daily("22:00") with { Guid = Guid.CreateVersion7(), Name = "weekly", BackupType = BackupType.Full });
        engine.Time.Advance(TimeSpan.FromHours(10));

        await RunAsync(engine);

        Assert.Equal(BackupType.Full, Assert.Single(await TasksAsync(engine)).BackupType);
    }

    [Fact]
    public async Task A_machine_whose_last_run_has_not_ended_and_one_that_is_gone_are_left_out()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Policy policy = await PolicyAsync(engine, Schedules.Every("00:00", "23:00", minutes: 60));
        Machine gone = engine.NewMachine("gone") with { Present = false };
        await engine.WriteAsync(async tx =>
        {
            await tx.Machines.InsertAsync(gone, default);
            await tx.Policies.AssignAsync(policy.Guid, gone.Guid, AssignmentSource.Manual, default);
        });
        for (int hour = 0; hour < 3; hour++)
        {
            engine.Time.Advance(TimeSpan.FromHours(1));
            await RunAsync(engine);
        }

        Assert.Equal(engine.Machine.Guid, Assert.Single(await TasksAsync(engine)).MachineGuid);
    }

    [Fact]
    public async Task A_snapshot_policy_takes_snapshots_on_time()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var policy = new Policy { Name = "snapshots", Kind = PolicyKind.VmSnapshot };
        var rule = new Rule { Name = "hourly", PolicyGuid = policy.Guid, RetentionVersions = 3 };
        Schedule schedule = Schedules.Daily("13:00") with { Type = ScheduleType.VmSnapshot };
        await engine.WriteAsync(async tx =>
        {
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.Schedules.InsertAsync(schedule, default);
            await tx.Schedules.SetRulesAsync(schedule.Guid, [rule.Guid], default);
            await tx.Policies.AssignAsync(policy.Guid, engine.Machine.Guid, AssignmentSource.Manual, default);
        });
        await RunAsync(engine);
        engine.Time.Advance(TimeSpan.FromHours(1));

        await RunAsync(engine);

        CatalogTask task = Assert.Single(await TasksAsync(engine, TaskType.Snapshot));
        Assert.Equal((rule.Guid, schedule.Guid, engine.Machine.Guid), (task.RuleGuid, task.ScheduleGuid, task.MachineGuid));
    }

    [Fact]
    public async Task A_changed_schedule_is_planned_anew_and_an_inactive_policy_starts_nothing()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Policy policy = await PolicyAsync(engine, Schedules.Daily("22:00"));
        Schedule schedule = (await engine.ReadAsync(session => session.Schedules.ListAsync(type: null, tenant: null, new(), default))).Rows[0];
        await engine.WriteAsync(tx => tx.Schedules.UpdateAsync(schedule with { Hour = TimeSpan.FromHours(13) }, default));
        await engine.Get<ScheduledRuns>().ReplanAsync([schedule.Guid], default);
        Policy known = await engine.ReadAsync(session => session.Policies.GetAsync(policy.Guid, default));
        await engine.WriteAsync(tx => tx.Policies.UpdateAsync(known with { Active = false }, default));

        engine.Time.Advance(TimeSpan.FromHours(1));
        await RunAsync(engine);

        schedule = await engine.ReadAsync(session => session.Schedules.GetAsync(schedule.Guid, default));
        Assert.Equal((Schedules.At("2026-03-01 13:00"), Schedules.At("2026-03-02 13:00")), (schedule.LastRunAt, schedule.NextRunAt));
        Assert.Equal(0, await CountAsync(engine));
    }

    [Fact]
    public async Task A_machine_that_gets_no_good_backup_in_time_becomes_overdue_and_a_backup_settles_it()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Policy policy = await PolicyAsync(engine, Schedules.Daily("22:00"));
        Policy known = await engine.ReadAsync(session => session.Policies.GetAsync(policy.Guid, default));
        await engine.WriteAsync(tx => tx.Policies.UpdateAsync(known with { Rpo = TimeSpan.FromHours(24) }, default));
        RpoPass pass = engine.Get<IEnumerable<IUpkeep>>().OfType<RpoPass>().Single();
        engine.Get<VProtect.Server.Policies.PolicyBook>().Forget();
        await pass.LookAsync(default);
        Assert.Equal(engine.Time.GetUtcNow().AddHours(24), await DueAsync(engine));

        engine.Time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(1, await OverdueAsync(engine));
        await engine.BackedUpAsync("p1");

        Assert.Equal(0, await OverdueAsync(engine));
        Assert.Equal(engine.Time.GetUtcNow().AddHours(24), await DueAsync(engine));
    }

    [Fact]
    public async Task Inventory_is_read_on_time_collection_follows_removal_and_old_tasks_are_forgotten()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        IUpkeep[] all = [.. engine.Get<IEnumerable<IUpkeep>>().Where(one => one is InventoryTimes or Pruning)];
        foreach (IUpkeep upkeep in all.Concat(all))
        {
            await upkeep.LookAsync(default);
        }

        CatalogTask sync = Assert.Single(await TasksAsync(engine, TaskType.InventorySync));
        await engine.Node.DoAsync(new Abstractions.Nodes.InventoryResult { Hosts = [], Clusters = [], Storages = [], Networks = [], Machines = [] });
        engine.Time.Advance(TimeSpan.FromMinutes(59));
        await all[0].LookAsync(default);
        Assert.Single(await TasksAsync(engine, TaskType.InventorySync));
        engine.Time.Advance(TimeSpan.FromMinutes(2));
        await all[0].LookAsync(default);
        Assert.Equal(2, (await TasksAsync(engine, TaskType.InventorySync)).Count);

        engine.Time.Advance(TimeSpan.FromDays(31));
        await all[1].LookAsync(default);
        Assert.DoesNotContain(await TasksAsync(engine, TaskType.InventorySync), task => task.Guid == sync.Guid);
        Assert.Null(await engine.ReadAsync(session => session.Workflows.FindAsync(sync.WorkflowGuid!.Value, default)));
    }

    internal static async Task<Policy> PolicyAsync(TestEngine engine, params Schedule[] schedules)
    {
        var policy = new Policy { Name = "gold", Kind = PolicyKind.VmBackup };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        await engine.WriteAsync(async tx =>
        {
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.RuleDestinations.InsertAsync(
                new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Primary, DestinationGuid = engine.Destination.Guid, KeepLastFull = 2 }, default);
            foreach (Schedule schedule in schedules)
            {
                await tx.Schedules.InsertAsync(schedule, default);
                await tx.Schedules.SetRulesAsync(schedule.Guid, [rule.Guid], default);
            }

            await tx.Policies.AssignAsync(policy.Guid, engine.Machine.Guid, AssignmentSource.Manual, default);
        });
        await RunAsync(engine);
        return policy;
    }

    private static Task<int> RunAsync(TestEngine engine) => engine.Get<ScheduledRuns>().RunAsync(default);

    private static async Task<int> CountAsync(TestEngine engine) => (await TasksAsync(engine)).Count;

    private static async Task<IReadOnlyList<CatalogTask>> TasksAsync(TestEngine engine, TaskType type = TaskType.Export) =>
        (await engine.ReadAsync(session => session.Tasks.ListAsync(new TaskFilter { Types = [type] }, new ListQuery { Size = 100 }, default))).Rows;

    private static async Task<DateTimeOffset?> DueAsync(TestEngine engine) =>
        (await engine.ReadAsync(session => session.Machines.GetAsync(engine.Machine.Guid, default))).RpoDueAt;

    private static async Task<long> OverdueAsync(TestEngine engine) =>
        (await engine.ReadAsync(session => session.Machines.ListAsync(new MachineFilter { UpToDate = false }, new ListQuery(), default))).Total;
}
