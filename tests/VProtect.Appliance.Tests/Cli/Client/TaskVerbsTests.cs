using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;

namespace VProtect.Appliance.Tests.Cli.Client;

/// <summary>Tasks of a server that has no node: they wait, so that each step is the test's own.</summary>
[Collection(ApplianceCollection.Name)]
public sealed class TaskVerbsTests(ApplianceFixture server)
{
    [Fact]
    public async Task Task_is_listed_by_a_short_id_shown_and_cancelled()
    {
        using Desk desk = Desk.At(server);
        string id = await QueueAsync(desk, "listed");

        string list = await desk.TellAsync("task", "list", "--state", "queued", "--type", "export");
        string shown = await desk.TellAsync("task", "show", id);
        await desk.TellAsync("task", "priority", id, "90");
        string cancelled = await desk.TellAsync("task", "cancel", id);

        Assert.Contains(id, list, StringComparison.Ordinal);
        Assert.Matches("(?m)^machine +listed$", shown);
        Assert.Equal("Cancelled export of listed.\n", cancelled);
        Assert.Equal("CANCELLED", JsonDocument.Parse(await desk.TellAsync("task", "show", id, "--json")).RootElement.GetProperty("state").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Wait_ends_with_the_tasks_outcome()
    {
        using Desk desk = Desk.At(server);
        string id = await QueueAsync(desk, "waited");

        Task<Outcome> waiting = desk.RunAsync("task", "wait", id);
        await desk.TellAsync("task", "cancel", id);
        Outcome outcome = await waiting;

        Assert.True(outcome.ExitCode == 13, outcome.ToString());
        Assert.Contains("Export of waited was cancelled", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupted_wait_leaves_the_task_alone_and_says_how_to_cancel_it()
    {
        using Desk desk = Desk.At(server);
        string id = await QueueAsync(desk, "left");

        Outcome outcome = await desk.InterruptAsync(told => told.Error.Contains("the work goes on", StringComparison.Ordinal), "task", "wait", id);

        Assert.True(outcome.ExitCode == 130, outcome.ToString());
        Assert.Contains($"the work goes on. Cancel it with: vprotect task cancel {id}", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("queued", await desk.TellAsync("task", "show", id), StringComparison.Ordinal);
        await desk.TellAsync("task", "cancel", id);
    }

    [Fact]
    public async Task Id_that_no_task_has_is_not_found()
    {
        using Desk desk = Desk.At(server);
        Outcome outcome = await desk.RunAsync("task", "show", "ffffffff");
        Assert.Equal(8, outcome.ExitCode);
        Assert.Contains("'vprotect task list' shows what there is.", outcome.Error, StringComparison.Ordinal);
    }

    private async Task<string> QueueAsync(Desk desk, string name)
    {
        var host = new Hypervisor { Name = $"host of {name}", Host = $"host-{name}", Platform = "KVM" };
        var machine = new Machine { Name = name, Uuid = $"uuid-{name}", Platform = "KVM", FirstSeenAt = DateTimeOffset.UnixEpoch, HypervisorGuid = host.Guid };
        var destination = new Destination { Name = $"destination of {name}", Type = "FILESYSTEM", Settings = """{"path":"/backup"}""", VisibleForAll = true };
        await using (CatalogTransaction transaction = await server.App.Services.GetRequiredService<CatalogDatabase>().BeginAsync(CancellationToken.None))
        {
            await transaction.Hypervisors.InsertAsync(host, CancellationToken.None);
            await transaction.Machines.InsertAsync(machine, CancellationToken.None);
            await transaction.Destinations.InsertAsync(destination, CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }

        string body = $$"""{"protectedEntities": [{"guid": "{{machine.Guid}}"}], "backupType": "FULL", "backupDestination": {"guid": "{{destination.Guid}}"} }""";
        JsonElement queued = JsonDocument.Parse(await desk.TellAsync("api", "POST", "/tasks/export", "--body", body)).RootElement[0];
        Assert.Equal("EXPORT", queued.GetProperty("type").GetProperty("name").GetString());
        return queued.GetProperty("guid").GetString()![^8..];
    }
}
