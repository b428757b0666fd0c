using System.Collections.Concurrent;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Tasks;

public sealed class ClaimTests
{
    private static readonly TaskType[] All = Enum.GetValues<TaskType>();

    [Theory, BothDatabases]
    public async Task Priority_comes_first_and_age_wins_in_the_end(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await NodeAsync(catalog);
        CatalogTask low = await AddAsync(catalog, catalog.NewTask() with { Priority = 10 });
        CatalogTask high = await AddAsync(catalog, catalog.NewTask() with { Priority = 60 });

        // 50 points are 250 minutes: a later task of the same high priority comes before the low one until then, and not after.
        catalog.Clock.Now += TimeSpan.FromMinutes(249);
        CatalogTask second = await AddAsync(catalog, catalog.NewTask() with { Priority = 60 });
        catalog.Clock.Now += TimeSpan.FromMinutes(2);
        CatalogTask third = await AddAsync(catalog, catalog.NewTask() with { Priority = 60 });

        Assert.Equal(
            [high.Guid, second.Guid, low.Guid, third.Guid],
            [await ClaimAsync(catalog, node), await ClaimAsync(catalog, node), await ClaimAsync(catalog, node), await ClaimAsync(catalog, node)]);
        Assert.Null(await ClaimAsync(catalog, node));
    }

    [Theory, BothDatabases]
    public async Task What_may_not_begin_is_passed_over(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await NodeAsync(catalog);
        Node other = await NodeAsync(catalog, "other");
        DateTimeOffset now = catalog.Clock.Now;
        CatalogTask needed = catalog.NewTask() with { State = TaskState.Failed };
        await AddAsync(catalog, needed);
        await AddAsync(catalog, catalog.NewTask() with { WindowStart = now.AddMinutes(1) });
        await AddAsync(catalog, catalog.NewTask() with { WindowEnd = now });
        await AddAsync(catalog, catalog.NewTask() with { NotBefore = now.AddSeconds(1) });
        await AddAsync(catalog, catalog.NewTask() with { NodeGuid = other.Guid });
        await AddAsync(catalog, catalog.NewTask() with { DependsOnGuid = needed.Guid });
        await AddAsync(catalog, catalog.NewTask(TaskType.Mount));
        var destination = catalog.NewDestination("elsewhere");
        var config = new NodeConfig { Name = "site B" };
        await catalog.WriteAsync(async tx =>
        {
            await tx.NodeConfigs.InsertAsync(config, default);
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Destinations.SetNodeConfigsAsync(destination.Guid, [config.Guid], default);
        });
        await AddAsync(catalog, catalog.NewTask() with { DestinationGuid = destination.Guid });

        Assert.Null(await ClaimAsync(catalog, node, new TaskClaim { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = [TaskType.Export], NodeRunningMax = 9 }));

        CatalogTask ready = await AddAsync(catalog, catalog.NewTask() with { DestinationGuid = null, Priority = 1 });
        Assert.Equal(ready.Guid, await ClaimAsync(catalog, node, new TaskClaim { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = [TaskType.Export], NodeRunningMax = 9 }));
    }

    [Theory, BothDatabases]
    public async Task One_task_at_a_time_touches_a_machine_or_overwrites_it(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await NodeAsync(catalog);
        var machine = catalog.NewMachine("web");
        await catalog.WriteAsync(tx => tx.Machines.InsertAsync(machine, default));
        CatalogTask export = await AddAsync(catalog, catalog.NewTask() with { MachineGuid = machine.Guid, Priority = 90 });
        await AddAsync(catalog, catalog.NewTask(TaskType.Snapshot) with { MachineGuid = machine.Guid, Priority = 80 });
        CatalogTask import = await AddAsync(catalog, catalog.NewTask(TaskType.Import) with { MachineGuid = machine.Guid });
        await AddAsync(catalog, catalog.NewTask(TaskType.Restore) with { LinkedTaskGuid = import.Guid, Priority = 70 });
        CatalogTask aside = await AddAsync(catalog, catalog.NewTask(TaskType.Restore) with { MachineGuid = machine.Guid, Priority = 1 });
        TaskClaim claim = new() { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = [.. All.Except([TaskType.Import, TaskType.Store])], NodeRunningMax = 9 };

        Assert.Equal([export.Guid, aside.Guid, null], [await ClaimAsync(catalog, node, claim), await ClaimAsync(catalog, node, claim), await ClaimAsync(catalog, node, claim)]);
    }

    [Theory, BothDatabases]
    public async Task What_no_node_that_is_online_may_do_is_told_with_the_first_thing_that_none_meets(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node own = await NodeAsync(catalog, "own");
        Node away = await NodeAsync(catalog, "away");
        var platform = new HypervisorManager { Name = "m", Platform = "KVM", Url = "qemu:///system" };
        await catalog.WriteAsync(async tx =>
        {
            await tx.HypervisorManagers.InsertAsync(platform, default);
            await tx.Nodes.UpdateAsync(away with { State = NodeState.Offline, Capabilities = ["KVM"] }, default);
        });
        CatalogTask free = await AddAsync(catalog, catalog.NewTask());
        CatalogTask bound = await AddAsync(catalog, catalog.NewTask() with { NodeGuid = away.Guid });
        CatalogTask unfit = await AddAsync(catalog, catalog.NewTask() with { SourceGuid = platform.Guid });
        CatalogTask mount = await AddAsync(catalog, catalog.NewTask(TaskType.Mount));
        Guid[] all = [free.Guid, bound.Guid, unfit.Guid, mount.Guid];

        IReadOnlyDictionary<Guid, TakerGap> gaps = await catalog.ReadAsync(session => session.Tasks.GapsAsync(all, new OwnWork(own.Guid, [TaskType.Mount]), default));
        Assert.Equal([(bound.Guid, TakerGap.Node), (unfit.Guid, TakerGap.Platform)], gaps.Select(gap => (gap.Key, gap.Value)).OrderBy(gap => gap.Value));
        gaps = await catalog.ReadAsync(session => session.Tasks.GapsAsync(all, new OwnWork(away.Guid, [TaskType.Mount]), default));
        Assert.Equal((TakerGap.Source, TakerGap.OwnWork), (gaps[unfit.Guid], gaps[mount.Guid]));
    }

    [Theory, BothDatabases]
    public async Task Node_takes_only_what_its_configuration_allows_and_always_ends_a_mount(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node node = await NodeAsync(catalog);
        var config = new NodeConfig { Name = "reader", Settings = """{"runningTasksMax":3,"allowedTaskTypes":["VERIFY","OLD_BACKUPS_REMOVAL"],"restorePaths":["/EXPORT"]}""" };
        await catalog.WriteAsync(async tx =>
        {
            await tx.NodeConfigs.InsertAsync(config, default);
            await tx.Nodes.UpdateAsync(await tx.Nodes.GetAsync(node.Guid, default) with { NodeConfigGuid = config.Guid }, default);
        });
        CatalogTask export = await AddAsync(catalog, catalog.NewTask() with { Priority = 90 });
        CatalogTask verify = await AddAsync(catalog, catalog.NewTask(TaskType.Verify) with { Priority = 80 });
        CatalogTask unmount = await AddAsync(catalog, catalog.NewTask(TaskType.Unmount) with { Priority = 70 });
        OwnWork own = new(node.Guid, []);
        TaskClaim claim = new() { Node = node.Guid, Own = own, Generation = 1, Types = All, NodeRunningMax = 9 };

        Assert.Equal([verify.Guid, unmount.Guid, null], [await ClaimAsync(catalog, node, claim), await ClaimAsync(catalog, node, claim), await ClaimAsync(catalog, node, claim)]);
        Assert.Equal(TakerGap.Type, (await catalog.ReadAsync(session => session.Tasks.GapsAsync([export.Guid], own, default)))[export.Guid]);

        await catalog.WriteAsync(tx => tx.NodeConfigs.UpdateAsync(config with { Settings = "{}" }, default));
        Assert.Equal(export.Guid, await ClaimAsync(catalog, node, claim));
    }

    [Theory, BothDatabases]
    public async Task Limits_of_node_source_and_all_hold(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node a = await NodeAsync(catalog, "a");
        Node b = await NodeAsync(catalog, "b");
        Guid source = Guid.NewGuid();
        for (int i = 0; i < 6; i++)
        {
            await AddAsync(catalog, catalog.NewTask() with { SourceGuid = i < 4 ? source : null, Priority = 90 - i });
        }

        TaskClaim Of(Node node) => new() { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = All, NodeRunningMax = 2, SourceRunningMax = 1, RunningMax = 3 };
        Assert.NotNull(await ClaimAsync(catalog, a, Of(a)));
        CatalogTask free = await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(Of(a), default)) ?? throw new InvalidOperationException();
        Assert.Null(free.SourceGuid); // the source is busy: the next without it
        Assert.Null(await ClaimAsync(catalog, a, Of(a))); // the node is full
        Assert.NotNull(await ClaimAsync(catalog, b, Of(b)));
        Assert.Null(await ClaimAsync(catalog, b, Of(b))); // all are full
    }

    // Goal: no task is given twice and no limit is passed, however many ask at once. Method: many claimers finish and claim until all is done.
    [Theory, BothDatabases]
    public async Task Claimers_side_by_side_never_share_a_task_or_pass_a_limit(CatalogProvider provider)
    {
        const int Tasks = 60;
        const int RunningMax = 3;
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Node[] nodes = [await NodeAsync(catalog, "a"), await NodeAsync(catalog, "b")];
        await catalog.WriteAsync(tx => tx.Tasks.InsertManyAsync(Enumerable.Range(0, Tasks).Select(_ => catalog.NewTask()), default));
        var given = new ConcurrentDictionary<Guid, int>();
        int running = 0;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(claimer => Task.Run(async () =>
        {
            var claim = new TaskClaim { Node = nodes[claimer % 2].Guid, Own = new OwnWork(nodes[claimer % 2].Guid, []), Generation = 1, Types = All, NodeRunningMax = 10, RunningMax = RunningMax };
            while (given.Count < Tasks)
            {
                CatalogTask? task = await catalog.WriteAsync(tx => tx.Tasks.ClaimNextAsync(claim, default));
                if (task is not null)
                {
                    Assert.True(given.TryAdd(task.Guid, 0), "given twice");
                    Assert.InRange(Interlocked.Increment(ref running), 1, RunningMax);
                    await Task.Yield();
                    Interlocked.Decrement(ref running);
                    await catalog.WriteAsync(tx => tx.Tasks.FinishAsync(TaskTable.LeaseOf(task), new TaskOutcome { State = TaskState.Finished }, default));
                }
            }
        })));

        Assert.Equal(Tasks, (await catalog.ReadAsync(session => session.Tasks.CountByStateAsync(default)))[TaskState.Finished]);
    }

    internal static async Task<Node> NodeAsync(TestCatalog catalog, string name = "node")
    {
        Node node = catalog.NewNode(name);
        await catalog.WriteAsync(tx => tx.Nodes.InsertAsync(node, default));
        return node;
    }

    internal static async Task<CatalogTask> AddAsync(TestCatalog catalog, CatalogTask task)
    {
        await catalog.WriteAsync(tx => tx.Tasks.InsertAsync(task, default));
        return task;
    }

    private static async Task<Guid?> ClaimAsync(TestCatalog catalog, Node node, TaskClaim? claim = null) => (await catalog.WriteAsync(
        tx => tx.Tasks.ClaimNextAsync(claim ?? new TaskClaim { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = All, NodeRunningMax = 100 }, default)))?.Guid;
}
