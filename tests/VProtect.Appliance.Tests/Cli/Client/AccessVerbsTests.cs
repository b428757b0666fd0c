using System.Text.Json;

namespace VProtect.Appliance.Tests.Cli.Client;

[Collection(ApplianceCollection.Name)]
public sealed class AccessVerbsTests(ApplianceFixture server)
{
    [Fact]
    public async Task User_is_made_shown_changed_and_deleted()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("user", "create", "eva", "--full-name", "Eva Example", "--password-file", desk.FileOf("password", "correct staple 99"));

        string shown = await desk.TellAsync("user", "show", "EVA");
        await desk.TellAsync("user", "update", "eva", "--email", "eva@example.org");
        string changed = await desk.TellAsync("user", "show", "eva", "--json");
        await desk.TellAsync("user", "delete", "eva");

        Assert.Contains("name                  Eva Example", shown, StringComparison.Ordinal);
        Assert.Contains("must change password  yes", shown, StringComparison.Ordinal);
        JsonElement user = JsonDocument.Parse(changed).RootElement;
        Assert.Equal("eva@example.org", user.GetProperty("email").GetString());
        Assert.Equal("Eva Example", user.GetProperty("fullName").GetString());
        Assert.Equal(8, (await desk.RunAsync("user", "show", "eva")).ExitCode);
    }

    [Fact]
    public async Task Password_of_a_new_user_is_typed_twice()
    {
        using Desk desk = Desk.At(server);
        Outcome outcome = await desk.TypesHidden("correct staple 99", "correct staple 98").RunAsync("user", "create", "typo");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("differ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Role_is_made_given_to_a_group_on_a_destination_and_taken()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("user", "create", "gus", "--role", "VIEWER", "--password-file", desk.FileOf("password", "correct staple 99"));
        await desk.TellAsync("role", "create", "keepers", "--permission", "destinations.read", "--permission", "tasks.upkeep");
        await desk.TellAsync("group", "create", "night", "--member", "gus");

        Assert.Contains("tasks.upkeep", await desk.TellAsync("role", "permissions"), StringComparison.Ordinal);
        Assert.Contains("VIEWER", await desk.TellAsync("user", "show", "gus"), StringComparison.Ordinal);
        await desk.TellAsync("role", "give", "keepers", "--group", "night");
        JsonElement given = Assert.Single(JsonDocument.Parse(await desk.TellAsync("role", "given", "--role", "keepers", "--json")).RootElement.EnumerateArray());
        Assert.Equal("night", given.GetProperty("group").GetProperty("name").GetString());
        Assert.Equal(8, (await desk.RunAsync("role", "give", "keepers", "--user", "gus", "--destination", "no such place")).ExitCode);
        Assert.NotEqual(0, (await desk.RunAsync("role", "delete", "keepers")).ExitCode);
        await desk.TellAsync("role", "take", given.GetProperty("guid").GetString()!);
        await desk.TellAsync("role", "delete", "keepers");
        Assert.Contains("gus", await desk.TellAsync("group", "list"), StringComparison.Ordinal);
        await desk.TellAsync("group", "delete", "night");
    }

    [Fact]
    public async Task Token_is_told_once_on_standard_output_alone()
    {
        using Desk desk = Desk.At(server);

        Outcome made = await desk.RunAsync("token", "create", "limited", "--permission", "audit.read", "--expires", "30d", "-q");
        string list = await desk.TellAsync("token", "list", "--filter", "limited", "--json");

        string token = made.Out.Split('\n')[1];
        Assert.DoesNotContain(token, list, StringComparison.Ordinal);
        using Desk program = Desk.At(server);
        program.Variables["VPROTECT_TOKEN"] = token;
        await program.TellAsync("audit", "list");
        Outcome more = await program.RunAsync("user", "list");
        Assert.Equal(10, more.ExitCode);
        Assert.Contains("users.read", more.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_goes_back_page_by_page()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("mailing-list", "create", "audited", "--address", "ann@example.org");

        string newest = await desk.TellAsync("audit", "list", "--action", "mailing-lists.create", "-n", "1", "--json");
        string all = await desk.TellAsync("audit", "list", "--json");

        Assert.Single(JsonDocument.Parse(newest).RootElement.EnumerateArray());
        Assert.Equal(1, JsonDocument.Parse(all).RootElement.EnumerateArray().Last().GetProperty("seq").GetInt64());
    }

    [Fact]
    public async Task Audit_log_is_verified()
    {
        using Desk desk = Desk.At(server);
        Assert.Matches("^The audit log is whole: [0-9]+ entries. The newest has the hash [0-9a-f]{64}.\n$", await desk.TellAsync("audit", "verify"));
        Assert.True(JsonDocument.Parse(await desk.TellAsync("audit", "verify", "--json")).RootElement.GetProperty("whole").GetBoolean());
    }

    [Fact]
    public async Task Settings_are_read_and_set_one_by_one()
    {
        using Desk desk = Desk.At(server);

        await desk.TellAsync("settings", "set", "sessionIdleTimeout=20m", "corsOrigins=https://a.example.org,https://b.example.org");

        Assert.Equal("1200000\n", await desk.TellAsync("settings", "get", "sessionIdleTimeout"));
        Assert.Matches("(?m)^corsOrigins +https://a.example.org, https://b.example.org$", await desk.TellAsync("settings", "get"));
        Outcome unknown = await desk.RunAsync("settings", "set", "sessionTimeout=5m");
        Assert.Equal(8, unknown.ExitCode);
        Assert.Contains("sessionIdleTimeout", unknown.Error, StringComparison.Ordinal);
        await desk.TellAsync("settings", "set", "corsOrigins=[]");
    }

    [Fact]
    public async Task Any_call_can_be_made_as_it_is()
    {
        using Desk desk = Desk.At(server);

        string made = await desk.TellAsync("api", "POST", "/mailing-lists", "--body", """{"name": "raw", "addresses": []}""");
        string guid = JsonDocument.Parse(made).RootElement.GetProperty("guid").GetString()!;
        Outcome conflict = await desk.RunAsync("api", "PUT", $"/mailing-lists/{guid}", "--body", """{"name": "raw2", "addresses": []}""", "-H", "If-Match: \"99\"");
        await desk.TellAsync("api", "delete", $"/api/mailing-lists/{guid}");

        Assert.Equal(11, conflict.ExitCode);
        Assert.Contains("(code 4001)", conflict.Error, StringComparison.Ordinal);
        Assert.Equal(8, (await desk.RunAsync("api", "GET", $"/mailing-lists/{guid}")).ExitCode);
    }
}
