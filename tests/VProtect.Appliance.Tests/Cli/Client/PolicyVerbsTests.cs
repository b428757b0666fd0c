using System.Text.Json;

namespace VProtect.Appliance.Tests.Cli.Client;

[Collection(ApplianceCollection.Name)]
public sealed class PolicyVerbsTests(ApplianceFixture server)
{
    [Fact]
    public async Task Schedule_is_written_as_people_say_it()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("schedule", "create", "monthly", "--at", "02:30", "--days", "sunday", "--occurrences", "first-in-month", "--months", "january,july", "--backup-type", "full", "--time-zone", "Europe/Berlin");

        string shown = await desk.TellAsync("schedule", "show", "monthly");
        string json = await desk.TellAsync("schedule", "show", "monthly", "--json");
        string next = await desk.TellAsync("schedule", "next", "monthly");

        Assert.Contains("when             02:30 on Sun, first in month in Jan, Jul", shown, StringComparison.Ordinal);
        Assert.Equal(9_000_000, JsonDocument.Parse(json).RootElement.GetProperty("hour").GetInt64());
        Assert.Matches("^Sun 20..-0[17]-0. 0[01]:30 UTC\n", next);
        await desk.TellAsync("schedule", "delete", "monthly");
    }

    [Fact]
    public async Task Change_of_an_interval_keeps_what_is_not_named()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("schedule", "create", "often", "--every", "15m", "--between", "08:00", "--and", "18:00");

        await desk.TellAsync("schedule", "update", "often", "--every", "30m");

        Assert.Contains("every 30 min from 08:00 to 18:00", await desk.TellAsync("schedule", "list"), StringComparison.Ordinal);
        Outcome wrong = await desk.RunAsync("schedule", "update", "often", "--every", "soon");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("45s, 30m, 12h or 90d", wrong.Error, StringComparison.Ordinal);
        await desk.TellAsync("schedule", "delete", "often");
    }

    [Fact]
    public async Task Policy_is_made_changed_in_one_part_and_listed()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("policy", "create", "nightly", "--auto-assign", "assign-only", "--include-tag", "prod", "--include-tag", "web", "--retries", "2");

        await desk.TellAsync("policy", "update", "nightly", "--exclude-tag", "test", "--rpo", "26h");

        JsonElement policy = JsonDocument.Parse(await desk.TellAsync("policy", "show", "nightly", "--json")).RootElement;
        JsonElement assign = policy.GetProperty("autoAssignSettings");
        Assert.Equal(["prod", "web"], assign.GetProperty("includeTags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(["test"], assign.GetProperty("excludeTags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal("ASSIGN_ONLY", assign.GetProperty("mode").GetProperty("name").GetString());
        Assert.Equal(2, policy.GetProperty("backupRetryCount").GetInt32());
        Assert.Contains("26 h 00 min", await desk.TellAsync("policy", "list"), StringComparison.Ordinal);
        Outcome nothing = await desk.RunAsync("policy", "update", "nightly");
        Assert.Equal(2, nothing.ExitCode);
        await desk.TellAsync("policy", "delete", "nightly");
    }

    [Fact]
    public async Task Secret_of_a_credential_is_never_told()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("credential", "create", "kvm", "--kind", "token", "--login", "root", "--secret-file", desk.FileOf("key", "opens-everything\n"));

        string shown = await desk.TellAsync("credential", "show", "kvm", "--json");

        Assert.DoesNotContain("opens-everything", shown, StringComparison.Ordinal);
        Assert.Contains("TOKEN", shown, StringComparison.Ordinal);
        await desk.TellAsync("credential", "delete", "kvm");
    }

    [Fact]
    public async Task Watch_shows_changes_until_it_is_interrupted()
    {
        using Desk desk = Desk.At(server);

        Outcome outcome = await desk.InterruptAsync(told => told.Out.Contains("admin", StringComparison.Ordinal), "user", "list", "--watch");

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("admin", outcome.Out, StringComparison.Ordinal);
    }
}
