using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using VProtect.Server;

namespace VProtect.Appliance.Tests.Cli.Client;

[Collection(ApplianceCollection.Name)]
public sealed class LoginTests(ApplianceFixture server)
{
    [Fact]
    public async Task Certificate_is_shown_confirmed_once_and_pinned()
    {
        using var desk = new Desk();
        desk.Types("yes", "").TypesHidden(ApplianceFixture.Password);

        Outcome login = await desk.RunAsync("login", server.Address, "--name", "here");

        Assert.True(login.ExitCode == 0, login.ToString());
        Assert.Contains(string.Join(':', server.Fingerprint.ToUpperInvariant().Chunk(2).Select(pair => new string(pair))), login.Error, StringComparison.Ordinal);
        Assert.Equal($"Logged in at {server.Address} as admin. The context is called 'here'.\n", login.Out);
        Assert.Contains("admin", await desk.TellAsync("user", "list"), StringComparison.Ordinal);
        Assert.Equal(server.Fingerprint, JsonDocument.Parse(File.ReadAllText(desk.ContextFile)).RootElement.GetProperty("contexts")[0].GetProperty("fingerprint").GetString());
    }

    [Fact]
    public async Task Context_file_is_for_its_owner_and_holds_no_password()
    {
        using Desk desk = await LoggedInAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(desk.ContextFile));
        Assert.DoesNotContain(ApplianceFixture.Password, File.ReadAllText(desk.ContextFile), StringComparison.Ordinal);
        File.SetUnixFileMode(desk.ContextFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Outcome shared = await desk.RunAsync("user", "list");
        Assert.Equal(2, shared.ExitCode);
        Assert.Contains("chmod 600", shared.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_that_nobody_confirms_is_refused()
    {
        using var desk = new Desk();
        string password = desk.FileOf("password", ApplianceFixture.Password);

        Outcome script = await desk.RunAsync("login", server.Address, "--user", "admin", "--password-file", password);
        Outcome person = await desk.Types("no").RunAsync("login", server.Address, "--user", "admin", "--password-file", password);

        Assert.Equal(9, script.ExitCode);
        Assert.Contains("--fingerprint", script.Error, StringComparison.Ordinal);
        Assert.Equal(9, person.ExitCode);
        Assert.False(File.Exists(desk.ContextFile));
    }

    [Fact]
    public async Task Another_certificate_than_the_pinned_one_stops_everything()
    {
        using Desk desk = Desk.At(server);
        desk.Variables["VPROTECT_FINGERPRINT"] = new string('a', 64);

        Outcome outcome = await desk.RunAsync("user", "list");

        Assert.Equal(9, outcome.ExitCode);
        Assert.Contains("another certificate", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("AA:AA:", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_password_is_changed_in_place()
    {
        string data = Directory.CreateTempSubdirectory("vprotect-cli-first-").FullName;
        string first = "";
        await using (WebApplication app = await ServerHost.BuildAsync(
            new ServerOptions { DataPath = data, Urls = ["https://127.0.0.1:0"], FirstPassword = password => first = password }, CancellationToken.None))
        {
            await app.StartAsync();
            using var desk = new Desk();
            desk.Variables["VPROTECT_FINGERPRINT"] = ApplianceFixture.FingerprintOf(data);
            desk.Types("admin").TypesHidden(first, "another battery 12", "another battery 12");

            Outcome login = await desk.RunAsync("login", app.Urls.Single());

            Assert.True(login.ExitCode == 0, login.ToString());
            Assert.Contains("must be changed now", login.Error, StringComparison.Ordinal);
            Assert.Contains("admin", await desk.TellAsync("user", "list"), StringComparison.Ordinal);
            await app.StopAsync();
        }

        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Wrong_password_says_so_with_the_servers_code()
    {
        using Desk desk = Desk.At(server);

        Outcome outcome = await desk.RunAsync("login", server.Address, "--user", "nobody", "--password-file", desk.FileOf("password", "wrong"));

        Assert.Equal(10, outcome.ExitCode);
        Assert.StartsWith("error: Login or password is wrong. (code 5004)\nhint: ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logout_takes_the_token_back()
    {
        using Desk desk = await LoggedInAsync();
        string token = JsonDocument.Parse(File.ReadAllText(desk.ContextFile)).RootElement.GetProperty("contexts")[0].GetProperty("token").GetString()!;

        await desk.TellAsync("logout");

        Outcome after = await desk.RunAsync("user", "list");
        Assert.Equal(10, after.ExitCode);
        Assert.Contains("vprotect login https://127.0.0.1:", after.Error, StringComparison.Ordinal);
        using Desk thief = Desk.At(server);
        thief.Variables["VPROTECT_TOKEN"] = token;
        Outcome stolen = await thief.RunAsync("user", "list");
        Assert.Equal(10, stolen.ExitCode);
        Assert.Contains("has ended", stolen.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contexts_are_listed_chosen_added_and_removed()
    {
        using Desk desk = await LoggedInAsync();
        await desk.TellAsync("context", "add", "site2", "backup2.example.org");

        string both = await desk.TellAsync("context", "list");
        Outcome elsewhere = await desk.RunAsync("user", "list");
        await desk.TellAsync("context", "use", "here");
        await desk.TellAsync("user", "list");
        await desk.TellAsync("context", "remove", "site2");
        string one = await desk.TellAsync("context", "list");

        Assert.Contains("*  site2  https://backup2.example.org:8181  logged out  vouched for", both, StringComparison.Ordinal);
        Assert.Equal(10, elsewhere.ExitCode);
        Assert.DoesNotContain("site2", one, StringComparison.Ordinal);
        Outcome unknown = await desk.RunAsync("user", "list", "--context", "site2");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("There are: here.", unknown.Error, StringComparison.Ordinal);
    }

    private async Task<Desk> LoggedInAsync()
    {
        var desk = new Desk();
        string password = desk.FileOf("password", ApplianceFixture.Password);
        await desk.TellAsync("login", server.Address, "--user", "admin", "--name", "here", "--password-file", password, "--fingerprint", server.Fingerprint);
        return desk;
    }
}
