using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Tests.Conformance;

public abstract partial class ConnectorConformance
{
    [Fact]
    public async Task Restore_makes_a_new_machine_with_the_same_bytes()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!connector.Capabilities.Restore)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 2);
        Copy copy = await CopyAsync(platform, connector, uuid);
        Inventory inventory = await connector.ReadInventoryAsync(CancellationToken.None);
        string network = inventory.Networks[^1].Id;
        RestoreOpening opening = RestoreOf(copy) with
        {
            Name = "vm restored",
            StorageId = inventory.Storages[^1].Id,
            Networks = new Dictionary<int, string> { [0] = network },
        };
        string made = await RestoreAsync(platform, connector, opening, copy);
        Assert.NotEqual(uuid, made);
        InventoryMachine machine = await MachineAsync(connector, made);
        Assert.Equal("vm restored", machine.Name);
        Assert.All(machine.Disks, disk => Assert.Equal(inventory.Storages[^1].Id, disk.StorageId));
        Assert.Equal(network, await platform.NetworkOfAsync(made));
        await HasAsync(platform, machine, copy);
        Assert.Empty(await platform.LeftoversAsync());
    }

    [Fact]
    public async Task Identity_is_kept_when_it_is_free_and_only_then()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!connector.Capabilities.Restore)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: !connector.Capabilities.OfflineBackup, diskCount: 1);
        Copy copy = await CopyAsync(platform, connector, uuid);
        await FailsAsync(code: null, () => connector.OpenRestoreAsync(RestoreOf(copy) with { KeepsIdentity = true }, CancellationToken.None));
        Assert.Equal(uuid, (await MachineAsync(connector, uuid)).Uuid);
        Assert.Empty(await platform.LeftoversAsync());

        await platform.RemoveMachineAsync(uuid);
        Assert.Equal(uuid, await RestoreAsync(platform, connector, RestoreOf(copy) with { KeepsIdentity = true }, copy));
        InventoryMachine machine = await MachineAsync(connector, uuid);
        Assert.Equal("vm", machine.Name);
        await HasAsync(platform, machine, copy);
    }

    [Fact]
    public async Task Restore_overwrites_a_machine_in_place_and_the_next_delta_knows()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!connector.Capabilities.RestoreInPlace)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 2);
        Copy copy = await CopyAsync(platform, connector, uuid);
        var random = new Random(4);
        await WriteRandomlyAsync(platform, uuid, Clone(copy.Images), random);
        Generation parent = await BackUpAsync(platform, connector, uuid, new Generation());
        RestoreOpening opening = RestoreOf(copy) with { OverwriteMachineUuid = uuid };
        await FailsAsync(code: null, () => connector.OpenRestoreAsync(opening, CancellationToken.None));
        await platform.PowerOffAsync(uuid);
        Assert.Equal(uuid, await RestoreAsync(platform, connector, opening, copy));
        await HasAsync(platform, await MachineAsync(connector, uuid), copy);
        Assert.Empty(await platform.LeftoversAsync());
        if (connector.Capabilities.OfflineBackup)
        {
            Generation next = await BackUpAsync(platform, connector, uuid, parent);
            Assert.All(copy.Images, pair => Assert.Equal(pair.Value, next.Images[pair.Key]));
        }
    }

    [Fact]
    public async Task Restore_that_is_given_up_leaves_nothing()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!connector.Capabilities.Restore)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning: !connector.Capabilities.OfflineBackup, diskCount: 1);
        Copy copy = await CopyAsync(platform, connector, uuid);
        await using (IRestoreAccess access = await connector.OpenRestoreAsync(RestoreOf(copy) with { Name = "half" }, CancellationToken.None))
        {
            await using IBlockTarget target = await platform.OpenTargetAsync(access.Disks[0], platform.DiskBytes, CancellationToken.None);
            await target.WriteAsync(0, copy.Images.Values.First().AsMemory(0, 1 << 20), CancellationToken.None);
        }

        Assert.Empty(await platform.LeftoversAsync());
        Assert.Equal([uuid], (await connector.ReadInventoryAsync(CancellationToken.None)).Machines.Select(machine => machine.Uuid));
    }

    private static RestoreOpening RestoreOf(Copy copy) => new()
    {
        TaskGuid = NewTask(),
        Documents = copy.Documents,
        Disks = [.. copy.Images.Select(pair => new RestoreDisk(pair.Key, pair.Value.Length, StorageId: null))],
    };

    private static Dictionary<string, byte[]> Clone(Dictionary<string, byte[]> images) =>
        images.ToDictionary(pair => pair.Key, pair => (byte[])pair.Value.Clone());

    private static async Task<Copy> CopyAsync(ConformancePlatform platform, IConnector connector, string uuid)
    {
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, new Random(5));
        await using IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid), CancellationToken.None);
        return new Copy(access.Documents, model);
    }

    private static async Task<string> RestoreAsync(ConformancePlatform platform, IConnector connector, RestoreOpening opening, Copy copy)
    {
        await using IRestoreAccess access = await connector.OpenRestoreAsync(opening, CancellationToken.None);
        Assert.Equal(opening.Disks.Select(disk => disk.Id), access.Disks.Select(disk => disk.Id));
        foreach (RestoreAccessDisk disk in access.Disks)
        {
            Assert.Equal(opening.OverwriteMachineUuid is not null, disk.IsExisting);
            await using IBlockTarget target = await platform.OpenTargetAsync(disk, platform.DiskBytes, CancellationToken.None);
            byte[] image = copy.Images[disk.Id];
            for (int offset = 0; offset < image.Length; offset += 1 << 20)
            {
                await target.WriteAsync(offset, image.AsMemory(offset, 1 << 20), CancellationToken.None);
            }

            await target.CompleteAsync(CancellationToken.None);
        }

        return await access.CompleteAsync(powerOn: false, CancellationToken.None);
    }

    private static async Task HasAsync(ConformancePlatform platform, InventoryMachine machine, Copy copy)
    {
        Assert.Equal(copy.Images.Count, machine.Disks.Count);
        foreach ((InventoryDisk disk, byte[] image) in machine.Disks.Zip(copy.Images.Values))
        {
            Assert.Equal(image, await platform.ReadAsync(machine.Uuid, disk.Id));
        }
    }

    /// <summary>A backup, as far as a restore needs it.</summary>
    private sealed record Copy(IReadOnlyList<MachineDocument> Documents, Dictionary<string, byte[]> Images);
}
