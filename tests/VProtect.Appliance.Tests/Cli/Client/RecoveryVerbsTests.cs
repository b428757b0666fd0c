using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;

namespace VProtect.Appliance.Tests.Cli.Client;

[Collection(ApplianceCollection.Name)]
public sealed class RecoveryVerbsTests(ApplianceFixture server)
{
    [Fact]
    public async Task Plan_is_made_step_by_step_checked_and_run()
    {
        using Desk desk = Desk.At(server);
        await using (CatalogTransaction transaction = await server.App.Services.GetRequiredService<CatalogDatabase>().BeginAsync(default))
        {
            foreach (string name in (string[])["db7", "web7"])
            {
                await transaction.Machines.InsertAsync(new Machine { Name = name, Uuid = name, Platform = "FAKE", FirstSeenAt = DateTimeOffset.UtcNow }, default);
            }

            await transaction.CommitAsync(default);
        }

        await desk.TellAsync("recovery", "create", "site-b", "--cron", "0 3 * * 6", "--time-zone", "Europe/Berlin", "--continue-after-failure");
        await desk.TellAsync("recovery", "add", "site-b", "--vm", "db7", "--power-on");
        string added = await desk.TellAsync("recovery", "add", "site-b", "--vm", "web7", "--after", "2m", "--name", "{name}-{date}");
        string shown = await desk.TellAsync("recovery", "show", "site-b");
        string check = await desk.TellAsync("recovery", "check", "site-b");
        string began = await desk.TellAsync("recovery", "run", "site-b");
        string runs = await desk.TellAsync("recovery", "runs", "site-b");
        string report = await desk.TellAsync("recovery", "report", "site-b");
        await desk.TellAsync("workflow", "cancel", began.Trim()[^8..]);
        await desk.TellAsync("recovery", "remove", "site-b", "--step", "1");
        Outcome wrong = await desk.RunAsync("recovery", "remove", "site-b", "--step", "2");
        await desk.TellAsync("recovery", "delete", "site-b");

        Assert.Equal("Recovery plan 'site-b' has 2 steps now.\n", added);
        Assert.Matches("(?m)^at +0 3 \\* \\* 6$", shown);
        Assert.Matches("(?m)^web7 +2 min.* \\{name\\}-\\{date\\} ", shown);
        Assert.Contains("db7 has no good backup", check, StringComparison.Ordinal);
        Assert.Contains("running", runs, StringComparison.Ordinal);
        Assert.Matches("(?m)^ *1 +db7 +queued", report);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("The plan has 1.", wrong.Error, StringComparison.Ordinal);
    }
}
