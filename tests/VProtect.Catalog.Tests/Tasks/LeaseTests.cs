using VProtect.Abstractions;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Tasks;

public sealed class LeaseTests
{
    private static readonly TaskProgress Halfway = new("read", 50, 5, 10, 1);

    [Theory, BothDatabases]
    public async Task A_node_that_was_declared_dead_cannot_act_and_its_task_goes_on_elsewhere(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await ClaimTests.NodeAsync(catalog);
        (CatalogTask task, TaskLease lease) = await ClaimAsync(catalog, node, catalog.NewTask());
        await catalog.WriteAsync(tx => tx.Tasks.SetCheckpointAsync(lease, "snapshot", [1, 2], default));
        Assert.Empty(await catalog.ReadAsync(session => session.Tasks.VoidLeasesAsync(default)));

        Assert.Equal(2, await catalog.WriteAsync(tx => tx.Nodes.NextGenerationAsync(node.Guid, NodeState.Offline, default)));

        Assert.Equal(ErrorCode.TaskLeaseLost, await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Tasks.ReportAsync(lease, Halfway, default))));
        Assert.Equal(
            ErrorCode.TaskLeaseLost,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Tasks.FinishAsync(lease, new TaskOutcome { State = TaskState.Finished }, default))));
        Assert.False(await catalog.WriteAsync(tx => tx.Nodes.HeartbeatAsync(node.Guid, 1, "1.0", 0, 0, default)));
        CatalogTask left = Assert.Single(await catalog.ReadAsync(session => session.Tasks.VoidLeasesAsync(default)));
        await catalog.WriteAsync(tx => tx.Tasks.RequeueAsync(left, default));
        Node other = await ClaimTests.NodeAsync(catalog, "other");
        CatalogTask again = (await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(Claim(other), default)))!;
        Assert.Equal((task.Guid, 2, task.MaxAttempts + 1), (again.Guid, again.Attempt, again.MaxAttempts));
        TaskCheckpoint checkpoint = Assert.Single(await catalog.ReadAsync(session => session.Tasks.CheckpointsAsync(task.Guid, default)));
        Assert.Equal([1, 2], checkpoint.Data);
    }

    [Theory, BothDatabases]
    public async Task A_failure_that_may_pass_is_tried_again_until_tries_are_used_up(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await ClaimTests.NodeAsync(catalog);
        (CatalogTask task, TaskLease lease) = await ClaimAsync(catalog, node, catalog.NewTask() with { MaxAttempts = 2 });
        var failure = new TaskOutcome { State = TaskState.Failed, StatusInfo = "no route", ErrorCode = 2010, RetryAt = catalog.Clock.Now.AddMinutes(5) };

        CatalogTask after = await catalog.WriteAsync(tx => tx.Tasks.FinishAsync(lease, failure, default));

        Assert.Equal((TaskState.Queued, "no route", catalog.Clock.Now.AddMinutes(5)), (after.State, after.StatusInfo, after.NotBefore));
        Assert.Null(await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(Claim(node), default)));
        catalog.Clock.Now += TimeSpan.FromMinutes(5);
        CatalogTask second = (await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(Claim(node), default)))!;
        Assert.Equal((task.Guid, 2), (second.Guid, second.Attempt));
        Assert.Equal(
            ErrorCode.TaskLeaseLost, await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Tasks.ReportAsync(lease, Halfway, default))));
        after = await catalog.WriteAsync(tx => tx.Tasks.FinishAsync(TaskTable.LeaseOf(second), failure, default));
        Assert.Equal((TaskState.Failed, catalog.Clock.Now), (after.State, after.FinishedAt));
    }

    [Theory, BothDatabases]
    public async Task Cancelling_acts_at_once_on_what_waits_and_with_the_next_report_on_what_runs(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await ClaimTests.NodeAsync(catalog);
        (CatalogTask running, TaskLease lease) = await ClaimAsync(catalog, node, catalog.NewTask() with { MaxAttempts = 5 });
        CatalogTask waiting = await ClaimTests.AddAsync(catalog, catalog.NewTask());
        Assert.False(await catalog.WriteAsync(tx => tx.Tasks.ReportAsync(lease, Halfway, default)));

        Assert.Equal(TaskState.Cancelled, (await catalog.WriteAsync(tx => tx.Tasks.CancelAsync(waiting.Guid, "by admin", default))).State);
        Assert.Equal(TaskState.Running, (await catalog.WriteAsync(tx => tx.Tasks.CancelAsync(running.Guid, "by admin", default))).State);

        Assert.True(await catalog.WriteAsync(tx => tx.Tasks.ReportAsync(lease, Halfway, default)));
        CatalogTask ended = await catalog.WriteAsync(
            tx => tx.Tasks.FinishAsync(lease, new TaskOutcome { State = TaskState.Cancelled, RetryAt = catalog.Clock.Now }, default));
        Assert.Equal((TaskState.Cancelled, 50, 5L), (ended.State, ended.Percent, ended.BytesDone));
        Assert.Equal(TaskState.Cancelled, (await catalog.WriteAsync(tx => tx.Tasks.CancelAsync(running.Guid, "late", default))).State);
        catalog.Clock.Now += TimeSpan.FromDays(1);
        Assert.Equal(2, await catalog.WriteAsync(tx => tx.Tasks.DeleteEndedAsync(catalog.Clock.Now, default)));
    }

    [Theory, BothDatabases]
    public async Task Progress_does_not_make_a_users_change_fail(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await ClaimTests.NodeAsync(catalog);
        (CatalogTask task, TaskLease lease) = await ClaimAsync(catalog, node, catalog.NewTask());
        await catalog.WriteAsync(tx => tx.Tasks.ReportAsync(lease, Halfway, default));
        CatalogTask now = await catalog.ReadAsync(session => session.Tasks.GetAsync(task.Guid, default));
        Assert.Equal((task.Version, 50), (now.Version, now.Percent));
    }

    [Theory, BothDatabases]
    public async Task A_missed_start_window_fails_the_task(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        CatalogTask task = await ClaimTests.AddAsync(catalog, catalog.NewTask() with { WindowEnd = catalog.Clock.Now.AddHours(1) });
        Assert.Empty(await catalog.WriteAsync(tx => tx.Tasks.FailMissedAsync(default)));
        catalog.Clock.Now += TimeSpan.FromHours(1);
        Assert.Equal(task.Guid, Assert.Single(await catalog.WriteAsync(tx => tx.Tasks.FailMissedAsync(default))).Guid);
        Assert.Equal(TaskState.Failed, (await catalog.ReadAsync(session => session.Tasks.GetAsync(task.Guid, default))).State);
    }

    [Theory, BothDatabases]
    public async Task Log_lines_are_numbered_without_gaps_whoever_writes(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        CatalogTask task = await ClaimTests.AddAsync(catalog, catalog.NewTask());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 5; i++)
            {
                await catalog.WriteAsync(tx => tx.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Info, $"{writer}.{i}", default));
            }
        })));

        IReadOnlyList<TaskLogLine> lines = await catalog.ReadAsync(session => session.Tasks.LogAsync(task.Guid, 2, 100, default));
        Assert.Equal(Enumerable.Range(3, 18).Select(i => (long)i), lines.Select(line => line.Seq));
        Assert.Equal(
            ErrorCode.CatalogNotFound,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Tasks.AppendLogAsync(Guid.NewGuid(), TaskLogLevel.Info, "x", default))));
    }

    [Theory, BothDatabases]
    public async Task A_repeated_request_gets_the_first_answer(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Assert.Null(await catalog.WriteAsync(async tx =>
        {
            IdempotencyRecord? before = await tx.Idempotency.TakeAsync("key", "admin", [1], default);
            await tx.Idempotency.CompleteAsync("key", "admin", 201, "{\"guid\":1}", default);
            return before;
        }));

        IdempotencyRecord? again = await catalog.WriteAsync(tx => tx.Idempotency.TakeAsync("key", "admin", [1], default));
        Assert.Equal((201, "{\"guid\":1}"), (again!.Status, again.Response));
        Assert.Null(await catalog.WriteAsync(tx => tx.Idempotency.TakeAsync("key", "other", [1], default)));
        Assert.Equal(
            ErrorCode.IdempotencyMismatch,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Idempotency.TakeAsync("key", "admin", [2], default))));
        Assert.Equal(2, await catalog.WriteAsync(tx => tx.Idempotency.RemoveOlderAsync(catalog.Clock.Now.AddSeconds(1), default)));
    }

    private static TaskClaim Claim(Node node) => new() { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = Enum.GetValues<TaskType>(), NodeRunningMax = 9 };

    private static async Task<(CatalogTask Task, TaskLease Lease)> ClaimAsync(TestCatalog catalog, Node node, CatalogTask task)
    {
        await ClaimTests.AddAsync(catalog, task);
        CatalogTask claimed = (await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(Claim(node), default)))!;
        return (claimed, TaskTable.LeaseOf(claimed));
    }
}
