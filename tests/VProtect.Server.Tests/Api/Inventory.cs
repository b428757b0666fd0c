using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Server.Tests.Tasks;

namespace VProtect.Server.Tests.Api;

/// <summary>A platform with a machine, and a destination, in the catalog of a server; with the node that works for it.</summary>
internal sealed class Inventory
{
    private Inventory(ServerFixture server)
    {
        Server = server;
        Node = new ScriptedNode(server.App.Services);
        string unique = Guid.NewGuid().ToString("N")[..8];
        Manager = new HypervisorManager { Name = $"manager {unique}", Platform = "FAKE", Url = "fake://one" };
        Destination = new Destination { Name = $"store {unique}", Type = "FILESYSTEM", Settings = """{"path":"/nowhere"}""" };
        Machine = new Machine
        {
            Name = $"web {unique}",
            Uuid = $"uuid-{unique}",
            Platform = "FAKE",
            HypervisorManagerGuid = Manager.Guid,
            FirstSeenAt = server.Time.GetUtcNow(),
        };
        Storage = new HypervisorStorage { Name = "pool", Uuid = $"pool-{unique}", HypervisorManagerGuid = Manager.Guid };
        Network = new Network { Name = "lan", Uuid = $"lan-{unique}", HypervisorManagerGuid = Manager.Guid };
    }

    public ServerFixture Server { get; }

    public ScriptedNode Node { get; }

    public HypervisorManager Manager { get; }

    public Destination Destination { get; }

    public Machine Machine { get; }

    public HypervisorStorage Storage { get; }

    public Network Network { get; }

    public static async Task<Inventory> MakeAsync(ServerFixture server)
    {
        var made = new Inventory(server);
        await made.WriteAsync(async tx =>
        {
            await tx.HypervisorManagers.InsertAsync(made.Manager, default);
            await tx.Destinations.InsertAsync(made.Destination, default);
            await tx.Machines.InsertAsync(made.Machine, default);
            await tx.HypervisorStorages.InsertAsync(made.Storage, default);
            await tx.Networks.InsertAsync(made.Network, default);
        });
        return made;
    }

    public async Task WriteAsync(Func<CatalogTransaction, Task> change)
    {
        await using CatalogTransaction transaction = await Server.App.Services.GetRequiredService<CatalogDatabase>().BeginAsync(default);
        await change(transaction);
        await transaction.CommitAsync(default);
    }

    public object Export(int priority = 50) => new
    {
        protectedEntities = new[] { new { guid = Machine.Guid } },
        protectedEntityType = "VM",
        backupType = new { name = "FULL" },
        backupDestination = new { guid = Destination.Guid },
        priority,
    };
}
