using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Tasks;

/// <summary>What only the task engine asks, on both databases.</summary>
public sealed class EngineQueryTests
{
    [Theory, BothDatabases]
    public async Task Halves_runs_and_what_is_under_way_are_found(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine machine = catalog.NewMachine("web");
        var policy = TestCatalog.NewPolicy("gold");
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        var destination = catalog.NewDestination("store");
        CatalogTask store = catalog.NewTask(TaskType.Store);
        CatalogTask export = catalog.NewTask() with
        {
            LinkedTaskGuid = store.Guid,
            MachineGuid = machine.Guid,
            PolicyGuid = policy.Guid,
            RuleGuid = rule.Guid,
            DestinationGuid = destination.Guid,
        };
        CatalogTask failed = catalog.NewTask() with { State = TaskState.Failed, PolicyGuid = policy.Guid, ErrorCode = 2200 };
        CatalogTask collected = catalog.NewTask(TaskType.Collect) with
        {
            State = TaskState.Finished,
            DestinationGuid = destination.Guid,
            FinishedAt = catalog.Clock.Now.AddHours(-1),
        };
        CatalogTask waiting = catalog.NewTask() with { DependsOnGuid = export.Guid };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertAsync(machine, default);
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Policies.InsertAsync(policy, default);
            await tx.Rules.InsertAsync(rule, default);
            foreach (CatalogTask task in (CatalogTask[])[store, export, failed, collected, waiting])
            {
                await tx.Tasks.InsertAsync(task, default);
            }

            await tx.Tasks.TieHalvesAsync(catalog.Clock.Now, default);
        });

        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        Assert.Equal(export.Guid, (await session.Tasks.GetAsync(store.Guid, default)).LinkedTaskGuid);
        Assert.Equal([machine.Guid], await session.Tasks.MachinesUnderWayAsync(rule.Guid, default));
        Assert.Equal([2200], await session.Tasks.FailuresOfRunAsync(policy.Guid, catalog.Clock.Now, default));
        Assert.Equal(export.Guid, Assert.Single(await session.Tasks.RestOfRunAsync(policy.Guid, catalog.Clock.Now, default)).Guid);
        Assert.Equal(waiting.Guid, Assert.Single(await session.Tasks.DependentsAsync(export.Guid, default)).Guid);
        Assert.True(await session.Tasks.IsUnderWayAsync(TaskType.Export, source: null, destination.Guid, machine.Guid, default));
        Assert.False(await session.Tasks.IsUnderWayAsync(TaskType.Collect, source: null, destination.Guid, machine: null, default));
        Assert.Equal(collected.FinishedAt, await session.Tasks.LastFinishedAsync([TaskType.Collect, TaskType.Delete], destination.Guid, default));
        Assert.Null(await session.Tasks.LastFinishedAsync([TaskType.Delete], destination.Guid, default));
    }

    [Theory, BothDatabases]
    public async Task What_was_seen_verified_and_missed_is_noted_without_a_new_version(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine machine = catalog.NewMachine("web") with { RpoDueAt = catalog.Clock.Now };
        var destination = catalog.NewDestination("store");
        var host = new Hypervisor { Name = "lab", Host = "10.0.0.1", Platform = "KVM" };
        var manager = new HypervisorManager { Name = "center", Platform = "KVM", Url = "https://center" };
        RestorePoint good = catalog.NewPoint(machine, destination) with { RepositoryPointId = "a", FinishedAt = catalog.Clock.Now };
        RestorePoint bad = catalog.NewPoint(machine, destination) with { RepositoryPointId = "b", FinishedAt = catalog.Clock.Now, Held = true };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertAsync(machine, default);
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Hypervisors.InsertAsync(host, default);
            await tx.HypervisorManagers.InsertAsync(manager, default);
            await tx.RestorePoints.InsertManyAsync([good, bad], default);
            await tx.Machines.RecordSeenAsync([machine.Guid], default);
            await tx.Machines.SetRestoreStatusAsync(machine.Guid, "SUCCESS", default);
            await tx.Hypervisors.RecordStateAsync(host.Guid, ConnectionState.Online, info: null, catalog.Clock.Now, default);
            await tx.HypervisorManagers.RecordStateAsync(manager.Guid, ConnectionState.Offline, "no route", syncedAt: null, default);
            await tx.RestorePoints.RecordVerifiedAsync(destination.Guid, catalog.Clock.Now, ["b"], isWhole: true, default);
        });

        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        machine = await session.Machines.GetAsync(machine.Guid, default);
        Assert.Equal((catalog.Clock.Now, "SUCCESS", 1), (machine.LastSeenAt, machine.RestoreStatus, machine.Version));
        Assert.Single(await session.Machines.OverdueSinceAsync(catalog.Clock.Now.AddMinutes(-1), catalog.Clock.Now, default));
        Assert.Empty(await session.Machines.OverdueSinceAsync(catalog.Clock.Now, catalog.Clock.Now.AddMinutes(1), default));
        Assert.Equal(catalog.Clock.Now, Assert.Single(await session.Hypervisors.AloneAsync(default)).LastSeenAt);
        Assert.Equal((ConnectionState.Offline, (DateTimeOffset?)null), ((await session.HypervisorManagers.GetAsync(manager.Guid, default)).State, manager.SyncedAt));
        Assert.Equal(VerifyState.Good, (await session.RestorePoints.GetAsync(good.Guid, default)).VerifyState);
        Assert.Equal(VerifyState.Damaged, (await session.RestorePoints.GetAsync(bad.Guid, default)).VerifyState);
        Assert.Equal([("a", false), ("b", true)], (await session.RestorePoints.StoredAsync(destination.Guid, default)).Select(row => (row.PointId, row.Held)).Order());
        Assert.Equal(2, (await session.RestorePoints.GoodOfMachinesAsync([machine.Guid]))[machine.Guid].Count);
    }
}
