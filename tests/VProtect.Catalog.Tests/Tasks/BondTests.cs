using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Tasks;

public sealed class BondTests
{
    [Theory, BothDatabases]
    public async Task A_half_follows_its_leader_is_never_claimed_and_takes_no_room(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await ClaimTests.NodeAsync(catalog);
        CatalogTask store = catalog.NewTask() with { Type = TaskType.Store };
        CatalogTask export = catalog.NewTask() with { LinkedTaskGuid = store.Guid };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Tasks.InsertAsync(store, default);
            await tx.Tasks.InsertAsync(export, default);
        });
        TaskClaim claim = new() { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = [TaskType.Export, TaskType.Verify], NodeRunningMax = 2 };
        CatalogTask leader = (await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(claim, default)))!;
        Assert.Equal(export.Guid, leader.Guid);

        await catalog.WriteAsync(tx => tx.Tasks.FollowAsync(leader, TaskState.Running, 7, default));

        CatalogTask half = await catalog.ReadAsync(session => session.Tasks.GetAsync(store.Guid, default));
        Assert.Equal((TaskState.Running, 7, 1, node.Guid), (half.State, half.BytesDone, half.Attempt, half.LeaseNodeGuid));
        await catalog.WriteAsync(tx => tx.Tasks.InsertAsync(catalog.NewTask() with { Type = TaskType.Verify }, default));
        Assert.NotNull(await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(claim, default)));
        await catalog.WriteAsync(tx => tx.Nodes.NextGenerationAsync(node.Guid, NodeState.Online, default));
        Assert.DoesNotContain(await catalog.ReadAsync(session => session.Tasks.VoidLeasesAsync(default)), task => task.Guid == store.Guid);
        leader = await catalog.ReadAsync(session => session.Tasks.GetAsync(export.Guid, default));
        await catalog.WriteAsync(tx => tx.Tasks.FollowAsync(leader with { LeaseNodeGuid = null }, TaskState.Failed, 9, default));
        half = await catalog.ReadAsync(session => session.Tasks.GetAsync(store.Guid, default));
        Assert.Equal((TaskState.Failed, catalog.Clock.Now, (Guid?)null), (half.State, half.FinishedAt, half.LeaseNodeGuid));
    }

    [Theory, BothDatabases]
    public async Task Lines_are_numbered_and_their_warnings_counted(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        CatalogTask task = catalog.NewTask();
        TaskLogLine line = new() { TaskGuid = task.Guid, At = catalog.Clock.Now, Level = TaskLogLevel.Info, Text = "one" };
        await catalog.WriteAsync(tx => tx.Tasks.InsertAsync(task, default));
        await catalog.WriteAsync(tx => tx.Tasks.AppendLogAsync(task.Guid, TaskLogLevel.Info, "zero", default));

        await catalog.WriteAsync(tx => tx.Tasks.AppendLogAsync(task.Guid, [line, line with { Level = TaskLogLevel.Warning, Text = "two" }], default));

        Assert.Equal(
            [(1L, "zero"), (2, "one"), (3, "two")], (await catalog.ReadAsync(session => session.Tasks.LogAsync(task.Guid, 0, 9, default))).Select(found => (found.Seq, found.Text)));
        Assert.Equal(1, (await catalog.ReadAsync(session => session.Tasks.GetAsync(task.Guid, default))).Warnings);
    }
}
