using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>A machine of the fake platform, whose guest writes from a seed.</summary>
internal sealed class TestMachine(FakeDatacenter datacenter, FakeMachine machine, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>As the platform knows it.</summary>
    public string Uuid => machine.Uuid;

    /// <summary>As the appliance knows it.</summary>
    public string Guid { get; private set; } = "";

    /// <summary>Adds a machine to a datacenter, its disks filled.</summary>
    public static TestMachine Add(FakeDatacenter datacenter, string name, int seed, params long[] diskBytes)
    {
        var added = new TestMachine(datacenter, datacenter.AddMachine(name, diskBytes), seed);
        foreach (FakeDisk disk in datacenter.Machine(added.Uuid).Disks)
        {
            datacenter.WriteAsync(added.Uuid, disk.Id, 0, RandomDisk.Create(added._random, (int)disk.SizeBytes)).GetAwaiter().GetResult();
        }

        return added;
    }

    /// <summary>Finds it in the inventory, and asks for its file systems to be frozen when it is backed up.</summary>
    public async Task FindAsync(ApplianceSite site)
    {
        Guid = await site.MachineAsync(Uuid);
        await site.Client.PutAsync($"/api/virtual-machines/{Guid}/settings", new { quiesceBeforeSnapshot = true });
    }

    /// <summary>Writes here and there.</summary>
    public async Task WriteAsync()
    {
        foreach (FakeDisk disk in machine.Disks)
        {
            for (int i = 0; i < 6; i++)
            {
                byte[] bytes = new byte[_random.Next(1, 200_000)];
                _random.NextBytes(bytes);
                await datacenter.WriteAsync(Uuid, disk.Id, _random.NextInt64(disk.SizeBytes - bytes.Length), bytes);
            }
        }
    }

    /// <summary>Bytes of its disks now, in order.</summary>
    public Task<List<byte[]>> ReadAsync() => ReadAsync(datacenter, Uuid);

    /// <summary>Bytes of a machine's disks now, in order.</summary>
    public static async Task<List<byte[]>> ReadAsync(FakeDatacenter datacenter, string uuid)
    {
        var disks = new List<byte[]>();
        foreach (FakeDisk disk in datacenter.Machine(uuid).Disks)
        {
            disks.Add(await datacenter.ReadAsync(uuid, disk.Id));
        }

        return disks;
    }
}
