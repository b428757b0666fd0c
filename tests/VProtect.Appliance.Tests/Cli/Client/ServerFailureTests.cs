using System.Net;
using System.Net.Sockets;

namespace VProtect.Appliance.Tests.Cli.Client;

[Collection(ApplianceCollection.Name)]
public sealed class ServerFailureTests(ApplianceFixture server)
{
    [Fact]
    public async Task Nobody_there_is_an_exit_code_of_its_own()
    {
        using Desk desk = Desk.At(server);
        // Ours, and never listening: refused, whoever else takes ports meanwhile.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;

        Outcome outcome = await desk.RunAsync("user", "list", "--server", $"https://127.0.0.1:{port}");

        Assert.Equal(9, outcome.ExitCode);
        Assert.Contains("the connection was refused", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("vprotect serve", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_logged_in_says_how()
    {
        using var desk = new Desk();
        Outcome outcome = await desk.RunAsync("token", "list");
        Assert.Equal(10, outcome.ExitCode);
        Assert.Contains("vprotect login", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_in_clear_text_is_refused()
    {
        using Desk desk = Desk.At(server);
        Outcome outcome = await desk.RunAsync("user", "list", "--server", "http://localhost:8181");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("https", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_name_lists_what_is_near()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("mailing-list", "create", "near-operators", "--address", "ann@example.org");

        Outcome part = await desk.RunAsync("mailing-list", "show", "near-oper");
        Outcome typo = await desk.RunAsync("mailing-list", "show", "naer-operators");
        Outcome nothing = await desk.RunAsync("mailing-list", "show", "zzz");

        Assert.Equal(8, part.ExitCode);
        Assert.Equal("error: There is no mailing list 'near-oper'.\nhint: Did you mean: near-operators?\n", part.Error);
        Assert.Contains("Did you mean: near-operators?", typo.Error, StringComparison.Ordinal);
        Assert.Contains("'vprotect mailing-list list' shows what there is.", nothing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_of_several_wants_a_guid()
    {
        using Desk desk = Desk.At(server);
        await desk.TellAsync("token", "create", "twin", "--expires", "1d");
        await desk.TellAsync("token", "create", "twin", "--expires", "2d");

        Outcome outcome = await desk.RunAsync("token", "revoke", "twin");

        Assert.Equal(8, outcome.ExitCode);
        Assert.Contains("Name one by its guid", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_refusal_is_told_with_guidance_and_code()
    {
        using Desk desk = Desk.At(server);

        Outcome text = await desk.RunAsync("mailing-list", "create", "bad", "--address", "nobody");
        Outcome json = await desk.RunAsync("mailing-list", "create", "bad", "--address", "nobody", "--json");

        Assert.Equal(2, text.ExitCode);
        Assert.Equal("error: addresses: 'nobody' is no mail address. (code 2001)\nhint: Write it as name@example.org.\n", text.Error);
        Assert.Equal(2001, json.Json().GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal("", json.Error);
    }
}
