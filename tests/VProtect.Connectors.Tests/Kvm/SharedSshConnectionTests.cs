using System.Diagnostics;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>Commands on a host behind a real sshd. The node's port tells connections apart.</summary>
public sealed class SharedSshConnectionTests : IDisposable
{
    private static readonly string[] WhoAsks = ["sh", "-c", "echo \"$SSH_CONNECTION\""];

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Commands_share_a_connection_and_keep_what_they_say_apart()
    {
        using var server = new SshServer();
        await using var host = new OpenHost(server);
        string first = await host.AskAsync();

        Assert.Equal([first], (await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.AskAsync()))).Distinct());
        byte[] bytes = new byte[1 << 20];
        new Random(1).NextBytes(bytes);
        CommandResult result = await host.Host.RunAsync(["sh", "-c", "cat; echo it fails >&2; exit 3"], CancellationToken.None, bytes);
        Assert.Equal((3, "it fails"), (result.ExitCode, result.Error));
        Assert.Equal(bytes, result.Output);
        Assert.Equal(first, await host.AskAsync());
    }

    [Fact]
    public async Task After_a_killed_connection_the_next_commands_share_a_new_one()
    {
        using var server = new SshServer();
        await using var host = new OpenHost(server);
        string first = await host.AskAsync();

        using (Process killed = Process.GetProcessById(host.Host.Shared.ProcessId!.Value))
        {
            killed.Kill();
            Assert.NotEqual(first, await host.AskAsync());
            await killed.WaitForExitAsync();
        }

        string next = await host.AskAsync();
        Assert.NotEqual(first, next);
        Assert.Equal(next, await host.AskAsync());
    }

    [Fact]
    public async Task Host_that_was_started_again_is_reached_by_the_next_command()
    {
        using var server = new SshServer();
        await using var host = new OpenHost(server);
        string first = await host.AskAsync();

        server.Restart();

        Assert.NotEqual(first, await host.AskAsync());
    }

    [Fact]
    public async Task Command_in_which_the_connection_ends_fails_as_one_of_its_own_would()
    {
        using var server = new SshServer();
        await using var host = new OpenHost(server);
        Task<CommandResult> running = host.Host.RunAsync(Waiting("a"), CancellationToken.None);
        await WaitForAsync("a");

        using (Process killed = Process.GetProcessById(host.Host.Shared.ProcessId!.Value))
        {
            killed.Kill();
        }

        Assert.Equal(255, (await running).ExitCode);
        File.WriteAllText(_directory["go"], "");
        await host.AskAsync();
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    [InlineData(10, 12)]
    public async Task What_a_host_does_not_let_through_one_connection_goes_through_others(int sessionsMax, int commands)
    {
        using var server = new SshServer(sessionsMax);
        await using var host = new OpenHost(server);

        Task<CommandResult>[] running = [.. Enumerable.Range(0, commands).Select(i => host.Host.RunAsync(Waiting($"{i}"), CancellationToken.None))];
        await WaitForAsync([.. Enumerable.Range(0, commands).Select(i => $"{i}")]);
        File.WriteAllText(_directory["go"], "");

        CommandResult[] results = await Task.WhenAll(running);
        Assert.All(results, result => Assert.Equal((0, ""), (result.ExitCode, result.Error)));
        Assert.True(results.Select(result => result.Text).Distinct().Count() > 1);
    }

    [Fact]
    public async Task Nothing_is_left_when_the_connector_is_disposed()
    {
        using var server = new SshServer();
        int process;
        string directory;
        await using (var host = new OpenHost(server))
        {
            await host.AskAsync();
            process = host.Host.Shared.ProcessId!.Value;
            directory = host.Directory;
            Assert.True(Directory.Exists(directory));
        }

        Assert.False(Directory.Exists($"/proc/{process}"));
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task Cancelled_command_leaves_the_connection_to_others()
    {
        using var server = new SshServer();
        await using var host = new OpenHost(server);
        string first = await host.AskAsync();
        using var cancelling = new CancellationTokenSource();
        Task<CommandResult> running = host.Host.RunAsync(Waiting("a"), cancelling.Token);
        await WaitForAsync("a");

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        File.WriteAllText(_directory["go"], "");
        Assert.Equal(first, await host.AskAsync());
    }

    [Fact]
    public async Task Host_that_lets_nobody_in_is_told_as_without_sharing()
    {
        using var server = new SshServer();
        using var other = new SshServer();
        await using var host = new OpenHost(server, other.UserKey);

        CommandResult result = await host.Host.RunAsync(WhoAsks, CancellationToken.None);

        Assert.Equal(255, result.ExitCode);
        Assert.Contains("Permission denied", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Says that it runs by a file, and its connection after the file "go" is there.</summary>
    private string[] Waiting(string name) =>
        ["sh", "-c", "touch \"$1/$2\"; until [ -e \"$1/go\" ] || [ ! -d \"$1\" ]; do sleep 0.05; done; echo \"$SSH_CONNECTION\"", "sh", _directory.Path, name];

    private async Task WaitForAsync(params string[] names)
    {
        while (names.Any(name => !File.Exists(_directory[name])))
        {
            await Task.Delay(20);
        }
    }

    private sealed class OpenHost : IAsyncDisposable
    {
        private readonly SshIdentity _identity;

        internal OpenHost(SshServer server, string? userKey = null)
        {
            KvmOptions options = KvmOptions.Parse(new ConnectorEndpoint(
                $"qemu+ssh://127.0.0.1:{server.Port}/system", "root", userKey ?? server.UserKey, new Dictionary<string, string> { ["hostKey"] = server.HostKey }));
            _identity = SshIdentity.Create(options)!;
            Host = new SshHost(options, _identity);
        }

        internal SshHost Host { get; }

        internal string Directory => Path.GetDirectoryName(_identity.CommandPath)!;

        internal Task<string> AskAsync() => Host.MustRunAsync("Asking", WhoAsks, CancellationToken.None);

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            _identity.Dispose();
        }
    }
}
