using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.Tasks;
using VProtect.Server.Recovery;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Tests.Tasks;

/// <summary>Runs of recovery plans: order, delays, failures, times.</summary>
public sealed class RecoveryTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(5);
    private static readonly RestoreResult Restored = new("uuid-new", [], WrittenBytes: 1000, []);

    [Fact]
    public async Task Steps_are_done_in_order_each_after_its_delay_and_with_the_newest_backup()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Machine[] machines = await MachinesAsync(engine, "db", "app");
        await engine.BackedUpAsync("db-old", machines[0]);
        engine.Time.Advance(TimeSpan.FromHours(1));
        await engine.BackedUpAsync("db-new", machines[0]);
        await engine.BackedUpAsync("app-1", machines[1]);
        RecoveryPlan plan = await PlanAsync(engine, goesOn: false, machines);

        CatalogTask[] tasks = await RunAsync(engine, plan);
        ScriptedNode node = engine.Node;
        TaskOrder first = await node.LeaseAsync();
        Assert.Equal((tasks[0].Guid.ToString("D"), "db-new"), (first.TaskGuid, Assert.IsType<RestoreMachineWork>(first.Work).PointId));
        Assert.Null(await node.TryLeaseAsync());
        await node.SucceedAsync(first, Restored);
        await InventoryAsync(node);
        Assert.Null(await node.TryLeaseAsync());
        engine.Time.Advance(Delay);
        TaskOrder second = await node.LeaseAsync();
        RestoreMachineWork work = Assert.IsType<RestoreMachineWork>(second.Work);
        Assert.Equal(("app-1", $"app-{engine.Time.GetUtcNow():yyyy-MM-dd}", true), (work.PointId, work.Name, work.PowersOn));
        await node.SucceedAsync(second, Restored);
        Assert.Equal(WorkflowState.Finished, (await engine.WorkflowAsync(tasks[0])).State);
        Assert.All(await engine.ReadAsync(session => session.Tasks.OfWorkflowAsync(tasks[0].WorkflowGuid!.Value, default)), task => Assert.Equal(TaskState.Finished, task.State));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failure_ends_the_run_or_does_not_as_the_plan_says(bool goesOn)
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Machine[] machines = await MachinesAsync(engine, "first", "never backed up", "third");
        await engine.BackedUpAsync("first-1", machines[0]);
        await engine.BackedUpAsync("third-1", machines[2]);
        RecoveryPlan plan = await PlanAsync(engine, goesOn, machines);
        CatalogTask[] tasks = await RunAsync(engine, plan);
        ScriptedNode node = engine.Node;
        await node.FailAsync(await node.LeaseAsync(), ErrorCode.PlatformFailed, RetryAdvice.Never);
        if (goesOn)
        {
            await CleanUpAsync(node);
            engine.Time.Advance(Delay);
            Assert.Null(await node.TryLeaseAsync());
            engine.Time.Advance(Delay);
            TaskOrder third = await node.LeaseAsync();
            Assert.Equal("third-1", Assert.IsType<RestoreMachineWork>(third.Work).PointId);
            await node.SucceedAsync(third, Restored);
        }

        CatalogTask[] ended = [.. await Task.WhenAll(tasks.Select(task => engine.TaskAsync(task.Guid)))];
        Assert.Equal([TaskState.Failed, TaskState.Failed, goesOn ? TaskState.Finished : TaskState.Failed], ended.Select(task => task.State));
        Assert.Equal(goesOn ? (int)ErrorCode.TaskImpossible : (int)ErrorCode.NeededTaskFailed, ended[1].ErrorCode);
        Assert.Equal(goesOn, ended[1].StatusInfo!.Contains("never backed up has no good backup", StringComparison.Ordinal));
        Assert.Equal(goesOn ? WorkflowState.PartiallyFinished : WorkflowState.Failed, (await engine.WorkflowAsync(tasks[0])).State);
    }

    [Fact]
    public async Task Plan_runs_at_its_times_once_and_not_while_it_runs_nor_hours_late()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Machine[] machines = await MachinesAsync(engine, "web1");
        await engine.BackedUpAsync("web1-1", machines[0]);
        RecoveryPlan plan = await PlanAsync(engine, goesOn: false, machines);
        DateTimeOffset due = engine.Time.GetUtcNow();
        await engine.WriteAsync(transaction => transaction.RecoveryPlans.UpdateAsync(plan with { Cron = "0 3 * * *", NextRunAt = due }, default));
        RecoveryTimes times = engine.Get<RecoveryTimes>();

        async Task<(int Runs, RecoveryPlan Plan)> LookAsync()
        {
            await times.RunAsync(default);
            return await engine.ReadAsync(async session => (
                (await session.Workflows.ListOfPlanAsync(plan.Guid, new() { Size = 10 }, default)).Rows.Count, await session.RecoveryPlans.GetAsync(plan.Guid, default)));
        }

        // It was due at no time of its own: nothing, and the next time is planned.
        (int runs, RecoveryPlan now) = await LookAsync();
        Assert.Equal((0, 3), (runs, now.NextRunAt!.Value.Hour));
        engine.Time.Advance(now.NextRunAt.Value - engine.Time.GetUtcNow());
        (runs, now) = await LookAsync();
        Assert.Equal((1, engine.Time.GetUtcNow().AddDays(1), engine.Time.GetUtcNow()), (runs, now.NextRunAt!.Value, now.LastRunAt!.Value));
        Assert.Equal(1, (await LookAsync()).Runs);

        // Its run has not ended a day later.
        engine.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, (await LookAsync()).Runs);
        await engine.Node.DoAsync(Restored);

        // Nobody looked for two hours after the time.
        engine.Time.Advance(TimeSpan.FromHours(26));
        Assert.Equal(1, (await LookAsync()).Runs);
        engine.Time.Advance(TimeSpan.FromHours(22).Add(TimeSpan.FromMinutes(30)));
        Assert.Equal(2, (await LookAsync()).Runs);
    }

    private static async Task<Machine[]> MachinesAsync(TestEngine engine, params string[] names)
    {
        Machine[] machines = [.. names.Select(engine.NewMachine)];
        await engine.WriteAsync(async transaction =>
        {
            foreach (Machine machine in machines)
            {
                await transaction.Machines.InsertAsync(machine, default);
            }
        });
        return machines;
    }

    private static async Task<RecoveryPlan> PlanAsync(TestEngine engine, bool goesOn, Machine[] machines)
    {
        var plan = new RecoveryPlan
        {
            Name = "site",
            GoesOnAfterFailure = goesOn,
            Steps = RecoveryStep.ToJson(
            [
                .. machines.Select((machine, index) => new RecoveryStep
                {
                    Machine = machine.Guid,
                    MachineName = machine.Name,
                    StartDelay = index == 0 ? 0 : (long)Delay.TotalMilliseconds,
                    Name = "{name}-{date}",
                    PowersOn = true,
                }),
            ]),
        };
        await engine.WriteAsync(transaction => transaction.RecoveryPlans.InsertAsync(plan, default));
        return plan;
    }

    private static async Task<CatalogTask[]> RunAsync(TestEngine engine, RecoveryPlan plan)
    {
        Workflow run = await engine.WriteAsync(transaction => engine.Get<TaskRequests>().RecoverAsync(transaction, plan, TaskOrigin.Appliance, default));
        IReadOnlyList<CatalogTask> tasks = await engine.ReadAsync(session => session.Tasks.OfWorkflowAsync(run.Guid, default));
        return [.. tasks.Where(task => task.Type == TaskType.Restore).OrderBy(task => TaskParameters.Of(task).Step!.Position)];
    }

    // After a restore the platform is read again.
    private static async Task InventoryAsync(ScriptedNode node)
    {
        TaskOrder order = await node.LeaseAsync();
        Assert.IsType<InventoryWork>(order.Work);
        await node.FailAsync(order, ErrorCode.PlatformUnavailable, RetryAdvice.Never);
    }

    private static async Task CleanUpAsync(ScriptedNode node)
    {
        while (await node.TryLeaseAsync() is { } order)
        {
            Assert.IsType<CleanUpWork>(order.Work);
            await node.SucceedAsync(order, result: null);
        }
    }
}
