using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Inventory;

/// <summary>What lists show beside their rows, asked for many machines or policies at once.</summary>
public sealed class DetailTests
{
    [Theory, BothDatabases]
    public async Task Newest_of_each_machine_and_names_of_each_policy(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine web = catalog.NewMachine("web");
        Machine db = catalog.NewMachine("db");
        Machine idle = catalog.NewMachine("idle");
        Guid[] all = [web.Guid, db.Guid, idle.Guid];
        Destination destination = catalog.NewDestination("store");
        Policy gold = TestCatalog.NewPolicy("gold");
        CatalogTask open = catalog.NewTask() with { MachineGuid = web.Guid };
        CatalogTask over = catalog.NewTask() with { MachineGuid = web.Guid, State = TaskState.Finished, FinishedAt = catalog.Clock.Now };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Policies.InsertAsync(gold, default);
            foreach (Machine machine in (Machine[])[web, db, idle])
            {
                await tx.Machines.InsertAsync(machine, default);
            }

            foreach (Machine machine in (Machine[])[web, db])
            {
                await tx.Policies.AssignAsync(gold.Guid, machine.Guid, AssignmentSource.Manual, default);
                foreach (int hours in (int[])[3, 1, 4, 2])
                {
                    await tx.RestorePoints.InsertAsync(catalog.NewPoint(machine, destination, TimeSpan.FromHours(hours)), default);
                    await tx.Snapshots.InsertAsync(
                        new Snapshot { Name = $"{machine.Name} {hours}", MachineGuid = machine.Guid, State = SnapshotState.Present, CreatedAt = catalog.Clock.Now.AddHours(-hours) },
                        default);
                }

                RestorePoint failed = catalog.NewPoint(machine, destination) with { State = RestorePointState.Failed };
                await tx.RestorePoints.InsertAsync(failed, default);
            }

            await tx.Tasks.InsertAsync(open, default);
            await tx.Tasks.InsertAsync(over, default);
        });
        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        IReadOnlyDictionary<Guid, IReadOnlyList<RestorePoint>> points = await session.RestorePoints.GoodOfMachinesAsync(all, limit: 2);
        Assert.Empty(points[idle.Guid]);
        foreach (Machine machine in (Machine[])[web, db])
        {
            Assert.Equal([1, 2], points[machine.Guid].Select(point => (int)(catalog.Clock.Now - point.CreatedAt).TotalHours));
        }

        IReadOnlyDictionary<Guid, Snapshot> snapshots = await session.Snapshots.NewestOfMachinesAsync(all, default);
        Assert.Equal(["db 1", "web 1"], snapshots.Values.Select(snapshot => snapshot.Name).Order());
        Assert.Equal(open.Guid, Assert.Single((await session.Tasks.OpenOfMachinesAsync(all, default))[web.Guid]).Guid);
        Assert.Equal(["db", "web"], (await session.Policies.MachineNamesAsync([gold.Guid], default))[gold.Guid].Select(machine => machine.Name));
    }
}
