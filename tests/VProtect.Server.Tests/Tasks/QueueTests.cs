using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Tests.Tasks;

public sealed class QueueTests
{
    [Fact]
    public async Task Tries_come_after_doubled_delays_only_when_the_failure_may_pass_and_no_more_than_asked_for()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        ScriptedNode node = engine.Node;
        CatalogTask task = await engine.BackUpAsync(retries: 2);
        foreach (int minutes in (int[])[1, 2])
        {
            await node.FailAsync(await node.LeaseAsync());
            CatalogTask waits = await engine.TaskAsync(task.Guid);
            Assert.Equal((TaskState.Queued, engine.Time.GetUtcNow().AddMinutes(minutes)), (waits.State, waits.NotBefore));
            Assert.Equal((RestorePointState.Pending, TaskState.Queued), ((await engine.PointAsync(task)).State, (await engine.TaskAsync(task.LinkedTaskGuid!.Value)).State));
            Assert.Null(await node.TryLeaseAsync());
            engine.Time.Advance(TimeSpan.FromMinutes(minutes));
        }

        await node.FailAsync(await node.LeaseAsync());
        CatalogTask failed = await engine.TaskAsync(task.Guid);
        Assert.Equal((TaskState.Failed, 2011, 3, "The disk cannot be read."), (failed.State, failed.ErrorCode, failed.Attempt, failed.StatusInfo));

        CatalogTask never = await engine.BackUpAsync(retries: 2);
        await node.FailAsync(await node.LeaseAsync(), ErrorCode.WrongKey, RetryAdvice.Never);
        Assert.Equal(TaskState.Failed, (await engine.TaskAsync(never.Guid)).State);
        Assert.Equal(WorkflowState.FailedWithCriticalErrors, (await engine.WorkflowAsync(never)).State);
    }

    [Fact]
    public async Task A_task_whose_window_passed_while_it_waited_fails_and_says_so()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync(windowEnd: engine.Time.GetUtcNow().AddHours(1));
        engine.Time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await engine.Node.TryLeaseAsync());

        await engine.Get<TaskWatch>().LookAsync(default);

        task = await engine.TaskAsync(task.Guid);
        Assert.Equal((TaskState.Failed, 5102, RestorePointState.Failed), (task.State, task.ErrorCode, (await engine.PointAsync(task)).State));
        Assert.Contains("window", task.StatusInfo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_given_up_when_as_many_failed_as_its_policy_allows()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var policy = new Policy { Name = "gold", Kind = PolicyKind.VmBackup, FailExportThreshold = 2 };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        Machine[] machines = [engine.Machine, engine.NewMachine("b"), engine.NewMachine("c"), engine.NewMachine("d")];
        IReadOnlyList<CatalogTask> tasks = await engine.WriteAsync(async tx =>
        {
            await tx.Machines.InsertManyAsync(machines.Skip(1), default);
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.RuleDestinations.InsertAsync(
                new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Primary, DestinationGuid = engine.Destination.Guid }, default);
            var request = new ExportRequest { Machines = [.. machines.Select(machine => machine.Guid)], Rules = [rule.Guid], BackupType = BackupType.Full };
            return await engine.Get<TaskRequests>().ExportAsync(tx, request, TaskOrigin.Appliance, default);
        });
        ScriptedNode node = engine.Node;
        TaskOrder first = await node.LeaseAsync();
        TaskOrder goesOn = await node.LeaseAsync();
        await node.FailAsync(first, retry: RetryAdvice.Never);
        Assert.Equal(2, (await StatesAsync(engine, tasks)).Count(state => state == TaskState.Queued));

        await node.FailAsync(await node.LeaseAsync(), retry: RetryAdvice.Never);

        List<TaskState> states = await StatesAsync(engine, tasks);
        Assert.Equal((3, 1), (states.Count(state => state == TaskState.Failed), states.Count(state => state == TaskState.Running)));
        Assert.Null(await node.TryLeaseAsync());
        await node.SucceedAsync(goesOn, ScriptedNode.Backup("p"));
        Assert.Single(await engine.ReadAsync(session => session.Tasks.FindManyAsync([.. tasks.Select(task => task.Guid)], default)), task => task.ErrorCode == 5103);
    }

    [Fact]
    public async Task The_secondary_begins_after_the_primary_has_ended_however_it_ended()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var second = engine.Destination with { Guid = Guid.CreateVersion7(), Name = "second", IsDefault = false };
        var policy = new Policy { Name = "gold", Kind = PolicyKind.VmBackup };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        IReadOnlyList<CatalogTask> tasks = await engine.WriteAsync(async tx =>
        {
            await tx.Destinations.InsertAsync(second, default);
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            await tx.RuleDestinations.InsertAsync(
                new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Primary, DestinationGuid = engine.Destination.Guid }, default);
            await tx.RuleDestinations.InsertAsync(new RuleDestination { RuleGuid = rule.Guid, Role = DestinationRole.Secondary, DestinationGuid = second.Guid }, default);
            var request = new ExportRequest { Machines = [engine.Machine.Guid], Rules = [rule.Guid], BackupType = BackupType.Full };
            return await engine.Get<TaskRequests>().ExportAsync(tx, request, TaskOrigin.Appliance, default);
        });
        Assert.Equal(2, tasks.Count);
        ScriptedNode node = engine.Node;
        TaskOrder primary = await node.LeaseAsync();
        Assert.Equal(tasks[0].Guid.ToString("D"), primary.TaskGuid);
        Assert.Null(await node.TryLeaseAsync());

        await node.FailAsync(primary, retry: RetryAdvice.Never);
        TaskOrder secondary = await node.LeaseAsync();
        await node.SucceedAsync(secondary, ScriptedNode.Backup("p"));

        Assert.Equal(tasks[1].Guid.ToString("D"), secondary.TaskGuid);
        Assert.Equal(WorkflowState.PartiallyFinished, (await engine.WorkflowAsync(tasks[0])).State);
        Assert.Equal(DestinationRole.Secondary, (await engine.PointAsync(tasks[1])).Role);
    }

    [Fact]
    public async Task Limits_hold_live_and_a_free_place_is_taken_at_once()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Machine[] machines = [engine.Machine, engine.NewMachine("b"), engine.NewMachine("c")];
        await engine.WriteAsync(tx => tx.Machines.InsertManyAsync(machines.Skip(1), default));
        await LimitAsync(engine, new GlobalSettings { SourceRunningTasksMax = 1 });
        foreach (Machine machine in machines)
        {
            await engine.BackUpAsync(machine: machine);
        }

        ScriptedNode node = engine.Node;
        TaskOrder first = await node.LeaseAsync();
        Assert.Null(await node.TryLeaseAsync());
        Task<TaskOrder> waiting = node.LeaseAsync();
        await node.SucceedAsync(first, ScriptedNode.Backup("p1"));
        await waiting;
        Assert.Null(await node.TryLeaseAsync());

        await LimitAsync(engine, new GlobalSettings { SourceRunningTasksMax = 2 });
        await node.LeaseAsync();
    }

    [Fact]
    public async Task What_waits_long_enough_comes_before_what_matters_more()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask old = await engine.BackUpAsync(priority: 0);
        for (int i = 0; i < 20; i++)
        {
            engine.Time.Advance(TimeSpan.FromMinutes(30));
            Machine machine = engine.NewMachine($"m{i}");
            await engine.WriteAsync(tx => tx.Machines.InsertAsync(machine, default));
            await engine.BackUpAsync(machine: machine, priority: 100);
            TaskOrder order = await engine.Node.DoAsync(ScriptedNode.Backup($"p{i}"));
            if (order.TaskGuid == old.Guid.ToString("D"))
            {
                Assert.InRange(i, 15, 17);
                return;
            }
        }

        Assert.Fail("It starved.");
    }

    private static async Task LimitAsync(TestEngine engine, GlobalSettings settings)
    {
        string json = System.Text.Json.JsonSerializer.Serialize(settings, System.Text.Json.JsonSerializerOptions.Web);
        await engine.WriteAsync(tx => tx.Settings.SetAsync(LiveSettings.Key, json, version: null, default));
        await engine.Get<LiveSettings>().ReloadAsync(engine.Catalog, default);
        engine.Get<TaskBells>().Work.Ring();
    }

    private static async Task<List<TaskState>> StatesAsync(TestEngine engine, IReadOnlyList<CatalogTask> tasks)
    {
        List<TaskState> states = [];
        foreach (CatalogTask task in tasks)
        {
            states.Add((await engine.TaskAsync(task.Guid)).State);
        }

        return states;
    }
}
