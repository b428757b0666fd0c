using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>
/// An appliance with a fake platform and a destination, in a directory of one test's own: started, killed, and started again.
/// What it does is asked for and looked at over REST only.
/// </summary>
internal sealed partial class ApplianceSite : IAsyncDisposable
{
    /// <summary>Far more than anything here takes on a busy machine: who waits longer hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);

    private readonly TemporaryDirectory _directory = new();
    private ApplianceProcess? _process;
    private string? _token;

    private readonly string? _program;

    /// <param name="program">The program as it is delivered, or null for the one with the fake platform added.</param>
    public ApplianceSite(string? program = null)
    {
        _program = program;
        Datacenter = FakeDatacenter.Create(_directory["datacenter"]);
    }

    public FakeDatacenter Datacenter { get; }

    public ApplianceClient Client { get; private set; } = null!;

    /// <summary>Guid of the connection to the platform.</summary>
    public string Hypervisor { get; private set; } = "";

    /// <summary>Guid of the first destination.</summary>
    public string Destination { get; private set; } = "";

    public string this[string name] => _directory[name];

    public string Data => _directory["data"];

    public ApplianceProcess Process => _process!;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Bearer token of its administrator.</summary>
    public string Token => _token!;

    /// <summary>Starts it for the first time, with a destination and the platform, whose inventory has been read.</summary>
    public static async Task<ApplianceSite> BeginAsync(Action<FakeDatacenter> furnish)
    {
        var site = new ApplianceSite();
        furnish(site.Datacenter);
        await site.BeginAsync(new { host = site.Datacenter.Path, type = "FAKE", user = "root", password = "only-the-platform-knows" });
        return site;
    }

    /// <summary>Starts it for the first time, with a destination and a platform, whose inventory has been read.</summary>
    public async Task BeginAsync(object platform)
    {
        try
        {
            await StartAsync();
            Destination = await AddDestinationAsync("first", this["repository"]);
            JsonElement hypervisor = await Client.PostAsync("/api/hypervisors", platform);
            Hypervisor = hypervisor.GetProperty("guid").GetString()!;
            await SyncAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>What a command line needs to speak to it.</summary>
    public Dictionary<string, string> CommandLine => new()
    {
        ["VPROTECT_SERVER"] = Address.ToString(),
        ["VPROTECT_TOKEN"] = _token!,
        ["VPROTECT_FINGERPRINT"] = Convert.ToHexString(SHA256.HashData(X509Certificate2.CreateFromPem(File.ReadAllText(Path.Join(Data, "tls", "server.crt"))).RawData)),
        ["XDG_CONFIG_HOME"] = this["config"],
    };

    /// <param name="urls">Where it is to listen; a free port of the loopback by default.</param>
    /// <param name="role">Whether it has a node in it.</param>
    public async Task StartAsync(string urls = "https://127.0.0.1:0", string role = "all")
    {
        _process = new ApplianceProcess(Data, _program, urls, role);
        Uri address = await _process.ListensAsync();
        Address = address;
        if (_token is null)
        {
            using var first = new ApplianceClient(address, Data);
            _token = await first.BeginAsync(_process.FirstPassword!);
        }

        Client = new ApplianceClient(address, Data, _token);
    }

    /// <summary>As a power cut would, as far as one process is concerned.</summary>
    public async Task KillAsync()
    {
        await _process!.EndAsync(VprotectProcess.SigKill);
        LetGo();
    }

    /// <summary>As systemd does.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        int exitCode = await _process!.EndAsync(signal: 15);
        LetGo();
        return exitCode;
    }

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, Func<string> what)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < Patience, what());
            await Task.Delay(Look);
        }
    }

    /// <summary>Waits until nothing of any task is left on the platform.</summary>
    public Task PlatformIsCleanAsync() =>
        UntilAsync(() => Task.FromResult(Datacenter.Leftovers().Count == 0), () => "Left over: " + string.Join("; ", Datacenter.Leftovers()));

    public async ValueTask DisposeAsync()
    {
        LetGo();
        await Task.Yield();
        _directory.Dispose();
    }

    private void LetGo()
    {
        Client?.Dispose();
        _process?.Dispose();
        _process = null;
    }
}
