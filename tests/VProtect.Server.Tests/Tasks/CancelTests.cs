using VProtect.Abstractions.Nodes;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks;

namespace VProtect.Server.Tests.Tasks;

public sealed class CancelTests
{
    [Fact]
    public async Task A_task_that_waits_ends_at_once_with_its_half_and_its_restore_point()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync();

        await engine.Get<TaskCommands>().CancelAsync(export.LinkedTaskGuid!.Value, "Enough.", default);

        CatalogTask now = await engine.TaskAsync(export.Guid);
        Assert.Equal((TaskState.Cancelled, "Enough."), (now.State, now.StatusInfo));
        Assert.Equal(TaskState.Cancelled, (await engine.TaskAsync(export.LinkedTaskGuid.Value)).State);
        Assert.Equal((RestorePointState.Cancelled, WorkflowState.Cancelled), ((await engine.PointAsync(export)).State, (await engine.WorkflowAsync(export)).State));
        Assert.Null(await engine.Node.TryLeaseAsync());
    }

    [Fact]
    public async Task The_node_of_a_task_that_runs_is_told_while_it_waits_and_with_every_report()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;
        TaskOrder order = await node.LeaseAsync();
        Task<IReadOnlyList<TaskStop>> waiting = node.Channel.WaitForStopsAsync(default).AsTask();
        await node.ReportAsync(order, stored: 5);

        await engine.Get<TaskCommands>().CancelAsync(export.Guid, "Enough.", default);

        Assert.Equal(new TaskStop(order.TaskGuid, 1, TaskDirective.Cancel), Assert.Single(await waiting));
        Assert.Equal(TaskDirective.Cancel, await node.ReportAsync(order));
        Assert.Equal(TaskState.Running, (await engine.TaskAsync(export.Guid)).State);
        await node.CancelledAsync(order);
        Assert.Equal((TaskState.Cancelled, TaskState.Cancelled), ((await engine.TaskAsync(export.Guid)).State, (await engine.TaskAsync(export.LinkedTaskGuid!.Value)).State));
        Assert.Equal(RestorePointState.Cancelled, (await engine.PointAsync(export)).State);
    }

    [Fact]
    public async Task A_task_that_was_done_before_the_node_heard_is_done_and_one_that_failed_is_not_tried_again()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        ScriptedNode node = engine.Node;
        CatalogTask first = await engine.BackUpAsync();
        TaskOrder order = await node.LeaseAsync();
        await engine.Get<TaskCommands>().CancelAsync(first.Guid, "Enough.", default);
        await node.SucceedAsync(order, ScriptedNode.Backup("p1"));
        Assert.Equal(TaskState.Finished, (await engine.TaskAsync(first.Guid)).State);
        await engine.Get<TaskCommands>().CancelAsync(first.Guid, "Again.", default);
        Assert.Equal(TaskState.Finished, (await engine.TaskAsync(first.Guid)).State);

        CatalogTask second = await engine.BackUpAsync(retries: 3);
        order = await node.LeaseAsync();
        await engine.Get<TaskCommands>().CancelAsync(second.Guid, "Enough.", default);
        await node.FailAsync(order);
        Assert.Equal(TaskState.Failed, (await engine.TaskAsync(second.Guid)).State);
    }

    [Fact]
    public async Task A_cancelled_task_whose_node_dies_is_cancelled_and_does_not_begin_again()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask export = await engine.BackUpAsync();
        await engine.Node.LeaseAsync();
        await engine.Get<TaskCommands>().CancelAsync(export.Guid, "Enough.", default);

        await engine.RestartAsync();

        Assert.Equal((TaskState.Cancelled, RestorePointState.Cancelled), ((await engine.TaskAsync(export.Guid)).State, (await engine.PointAsync(export)).State));
    }

    [Fact]
    public async Task An_errand_that_nobody_waits_for_any_more_is_taken_from_its_node()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        ScriptedNode node = engine.Node;
        using var gone = new CancellationTokenSource();
        var work = new OpenRepositoryWork(new RepositoryReference("g", "/x", Secret: null, ReserveBytes: null), CreatesIfMissing: false);
        Task<WorkResult?> errand = engine.Get<Errands>().RunAsync(work, TimeSpan.FromSeconds(30), gone.Token);
        TaskOrder order = await node.LeaseAsync();
        Task<IReadOnlyList<TaskStop>> waiting = node.Channel.WaitForStopsAsync(default).AsTask();
        Assert.Equal(TaskDirective.Continue, await node.ReportAsync(order));

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => errand);
        Assert.Equal(order.TaskGuid, Assert.Single(await waiting).TaskGuid);
        Assert.Equal(TaskDirective.Abandon, await node.ReportAsync(order));
    }
}
