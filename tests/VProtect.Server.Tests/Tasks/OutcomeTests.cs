using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Outcomes;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Tests.Tasks;

public sealed class OutcomeTests
{
    private static readonly InventoryResult Found = new()
    {
        Hosts = [new FoundHost("h1", "host-1", "c1", IsUp: true)],
        Clusters = [new FoundItem("c1", "cluster")],
        Storages = [new FoundStorage("s1", "pool", 100, 40)],
        Networks = [new FoundItem("n1", "lan")],
        Machines =
        [
            new FoundMachine("uuid-web", "web", "h1", "Running", ["prod"], [new FoundDisk("vda", "system", 10, "s1", null), new FoundDisk("vdb", "raw", 5, null, "is shared")]),
            new FoundMachine("uuid-new", "new", null, "Off", [], []),
        ],
    };

    [Fact]
    public async Task Inventory_adds_changes_and_marks_and_what_is_as_it_was_is_not_written()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Machine gone = engine.NewMachine("gone");
        await engine.WriteAsync(tx => tx.Machines.InsertAsync(gone, default));

        await SyncAsync(engine, Found);

        Machine web = await MachineAsync(engine, engine.Machine.Guid);
        Hypervisor host = Assert.Single((await engine.ReadAsync(session => session.Hypervisors.ListAsync(engine.Manager.Guid, cluster: null, new(), default))).Rows);
        Assert.Equal((PowerState.On, 15L, host.Guid, host.ClusterGuid, true), (web.PowerState, web.ProvisionedBytes, web.HypervisorGuid, web.ClusterGuid, web.Present));
        Assert.Equal(["prod"], await engine.ReadAsync(session => session.Machines.TagsAsync(web.Guid, default)));
        Assert.False((await MachineAsync(engine, gone.Guid)).Present);
        IReadOnlyList<MachineDisk> disks = await DisksAsync(engine);
        Assert.Equal([("vda", false, null), ("vdb", true, "Cannot be backed up: is shared")], disks.Select(disk => (disk.DeviceId, disk.Excluded, disk.ExcludeReason)));
        Assert.Equal(3, (await engine.ReadAsync(session => session.Machines.ListAsync(new MachineFilter(), new ListQuery(), default))).Total);
        HypervisorManager manager = await engine.ReadAsync(session => session.HypervisorManagers.GetAsync(engine.Manager.Guid, default));
        Assert.Equal((ConnectionState.Online, engine.Time.GetUtcNow()), (manager.State, manager.SyncedAt));

        await SyncAsync(engine, Found);
        Assert.Equal(web.Version, (await MachineAsync(engine, web.Guid)).Version);

        // A user's choice stays, the platform's goes with its reason; a disk and a machine that are gone are marked.
        await engine.WriteAsync(tx => tx.MachineDisks.UpdateAsync(disks[0] with { Excluded = true, ExcludeReason = "scratch" }, default));
        await SyncAsync(engine, Found with { Machines = [Found.Machines[0] with { Disks = [Found.Machines[0].Disks[0], new FoundDisk("vdb", "raw", 5, null, null)] }] });
        Assert.Equal([("vda", true, "scratch"), ("vdb", false, null)], (await DisksAsync(engine)).Select(disk => (disk.DeviceId, disk.Excluded, disk.ExcludeReason)));
        Assert.Equal(2, (await engine.ReadAsync(session => session.Machines.ListAsync(new MachineFilter { Present = false }, new ListQuery(), default))).Total);
    }

    [Fact]
    public async Task A_lone_host_keeps_its_name_and_gets_its_machines()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var host = new Hypervisor { Name = "lab", Host = "10.0.0.1", Platform = "FAKE" };
        await engine.WriteAsync(tx => tx.Hypervisors.InsertAsync(host, default));

        await SyncAsync(engine, Found, host.Guid);

        Hypervisor now = await engine.ReadAsync(session => session.Hypervisors.GetAsync(host.Guid, default));
        Assert.Equal(("lab", "h1", ConnectionState.Online), (now.Name, now.Uuid, now.State));
        Assert.Equal(2, (await engine.ReadAsync(session => session.Machines.ListAsync(new MachineFilter { Hypervisor = host.Guid }, new ListQuery(), default))).Total);
    }

    [Fact]
    public async Task The_repository_decides_which_restore_points_exist()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint kept = await engine.BackedUpAsync("kept");
        RestorePoint lost = await engine.BackedUpAsync("lost");
        engine.Time.Advance(TimeSpan.FromHours(1));
        var stranger = Guid.NewGuid();
        FoundPoint Point(string id, Guid machine, bool isHeld = false) => new(
            id, machine.ToString("D"), engine.Time.GetUtcNow(), isHeld, [new BackupResultDisk("vda", "system", 9, "full", null, 9, 9, 9, 9)]);
        var found = new RepositoryResult(
            "repo", WasCreated: false, RecoveryKey: null, TotalBytes: 100, FreeBytes: 60, UsedBytes: 40, LogicalBytes: 90,
            [
                Point("kept", engine.Machine.Guid, isHeld: true), Point("found", engine.Machine.Guid), Point("stranger", stranger) with { Label = "old web" },
                Point("repaired", stranger) with { Label = "repaired", CreatedAt = engine.Time.GetUtcNow().AddMinutes(1) }, Point("by hand", default) with { History = "file server" },
            ]);

        for (int i = 0; i < 2; i++)
        {
            await engine.WriteAsync(async tx => await engine.Get<RepositoryReconciliation>().ApplyAsync(
                tx, await tx.Destinations.GetAsync(engine.Destination.Guid, default), found, engine.Time.GetUtcNow(), default));
        }

        Assert.True((await engine.ReadAsync(session => session.RestorePoints.GetAsync(kept.Guid, default))).Held);
        Assert.Equal(RestorePointState.Failed, (await engine.ReadAsync(session => session.RestorePoints.GetAsync(lost.Guid, default))).State);
        Assert.Equal(6, (await engine.ReadAsync(session => session.RestorePoints.ListAsync(new RestorePointFilter(), new ListQuery(), default))).Total);
        Machine adopted = await MachineAsync(engine, stranger);
        Assert.Equal(("old web", false, engine.Time.GetUtcNow().AddMinutes(1)), (adopted.Name, adopted.Present, adopted.LastSuccessAt));
        Machine byHand = Assert.Single((await engine.ReadAsync(session => session.Machines.ListAsync(new MachineFilter(), new ListQuery { Filter = "file server" }, default))).Rows);
        Assert.Single(await engine.ReadAsync(session => session.RestorePoints.GoodOfMachineAsync(byHand.Guid)));

        // What no platform has is restored to one that is named.
        RestorePoint old = (await engine.ReadAsync(session => session.RestorePoints.GoodOfMachineAsync(stranger)))[0];
        TaskRequests requests = engine.Get<TaskRequests>();
        await Assert.ThrowsAsync<VProtectException>(() => engine.WriteAsync(tx => requests.RestoreAndImportAsync(
            tx, new ImportRequest { Point = old.Guid }, TaskOrigin.Appliance, default)));
        CatalogTask restore = await engine.WriteAsync(tx => requests.RestoreAndImportAsync(
            tx, new ImportRequest { Point = old.Guid, Source = engine.Manager.Guid }, TaskOrigin.Appliance, default));
        Assert.Equal(engine.Manager.Guid, restore.SourceGuid);
        Destination destination = await engine.ReadAsync(session => session.Destinations.GetAsync(engine.Destination.Guid, default));
        Assert.Equal(("repo", 40L, 60L, 90L), (destination.RepositoryId, destination.UsedBytes, destination.AvailableBytes, destination.LogicalBytes));
    }

    [Fact]
    public async Task Verification_marks_what_is_good_and_what_is_damaged()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint good = await engine.BackedUpAsync("good");
        RestorePoint bad = await engine.BackedUpAsync("bad");
        await engine.WriteAsync(tx => engine.Get<TaskRequests>().VerifyAsync(
            tx, new VerifyRequest { Destination = engine.Destination.Guid }, TaskOrigin.Appliance, default));

        TaskOrder order = await engine.Node.DoAsync(new VerifyWorkResult(100, 3, ["bad"]));

        Assert.Equal(VerifyState.Good, (await engine.ReadAsync(session => session.RestorePoints.GetAsync(good.Guid, default))).VerifyState);
        Assert.Equal(VerifyState.Damaged, (await engine.ReadAsync(session => session.RestorePoints.GetAsync(bad.Guid, default))).VerifyState);
        Assert.Equal(1, (await engine.TaskAsync(Guid.Parse(order.TaskGuid))).Warnings);
    }

    private static async Task SyncAsync(TestEngine engine, InventoryResult found, Guid? source = null)
    {
        CatalogTask task = await engine.WriteAsync(tx => engine.Get<TaskRequests>().InventorySyncAsync(
            tx, source ?? engine.Manager.Guid, new PlainRequest(), TaskOrigin.Appliance, default));
        ScriptedNode node = engine.Node;
        await node.SucceedAsync(await node.TakeAsync(task.Guid.ToString("D")), found);
    }

    private static Task<Machine> MachineAsync(TestEngine engine, Guid guid) => engine.ReadAsync(session => session.Machines.GetAsync(guid, default));

    private static async Task<IReadOnlyList<MachineDisk>> DisksAsync(TestEngine engine) =>
        (await engine.ReadAsync(session => session.MachineDisks.ListAsync(engine.Machine.Guid, new(), default))).Rows;
}
