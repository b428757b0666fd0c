using System.Diagnostics;
using System.Net.Sockets;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Node.Execution;

namespace VProtect.Node.Tests.Execution;

/// <summary>Against a real SSH server on this machine.</summary>
public sealed class GuestShellCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Take();
    private readonly Process _server;

    public GuestShellCommandTests()
    {
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["host"]);
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["user"]);
        File.Copy(_directory["user.pub"], _directory["authorized"]);
        File.WriteAllText(_directory["sshd_config"], $"""
            ListenAddress 127.0.0.1
            Port {_port}
            HostKey {_directory["host"]}
            AuthorizedKeysFile {_directory["authorized"]}
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin yes
            SetEnv HOME={_directory.Path}
            """);

        // It wants this directory, which Debian's unit makes.
        Directory.CreateDirectory("/run/sshd");
        _server = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", _directory["sshd_config"]]) { RedirectStandardError = true })!;
        _server.ErrorDataReceived += (_, _) => { };
        _server.BeginErrorReadLine();
        WaitUntilItListens();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Command_runs_in_the_machine_with_its_arguments_as_they_are_and_its_environment(bool isKeyStored)
    {
        GuestShell shell = isKeyStored ? Shell(keyPath: null, await File.ReadAllTextAsync(_directory["user"])) : Shell(_directory["user"], secret: null);
        string odd = "a'b \"$HOME\" `id`; exit 3 #";
        CommandOutcome outcome = await RunAsync(shell, "sh", "-c", "printf '%s|' \"$@\" \"$VP_VM_NAME\"; printf err >&2; exit 7", "sh", odd, "-n", "");
        Assert.Equal(7, outcome.ExitCode);
        Assert.Equal($"{odd}|-n||web 1's|", outcome.Output);
        Assert.EndsWith("err", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.GetTempPath(), "vprotect-ssh-*"));
    }

    [Fact]
    public async Task Machine_that_refuses_or_is_not_there_is_told_apart_from_a_command_that_failed()
    {
        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(() => RunAsync(Shell(keyPath: null, "wrong password 1"), "true"));
        Assert.Equal(ErrorCode.HookFailed, refused.Code);
        Assert.DoesNotContain("wrong password 1", refused.ToString(), StringComparison.Ordinal);
        VProtectException absent = await Assert.ThrowsAsync<VProtectException>(
            () => RunAsync(Shell(_directory["user"], secret: null) with { Port = FreePort.Take() }, "true"));
        Assert.Contains("Connection refused", absent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machine_with_another_host_key_than_before_is_not_trusted()
    {
        GuestShell shell = Shell(_directory["user"], secret: null);
        Assert.Equal(0, (await RunAsync(shell, "true")).ExitCode);
        string known = _directory["guest_known_hosts"];
        string[] parts = (await File.ReadAllTextAsync(known)).Split(' ');
        await File.WriteAllTextAsync(known, $"{parts[0]} {(await File.ReadAllTextAsync(_directory["user.pub"])).Split(' ')[0]} {(await File.ReadAllTextAsync(_directory["user.pub"])).Split(' ')[1]}\n");
        await Assert.ThrowsAsync<VProtectException>(() => RunAsync(shell, "true"));
    }

    [Fact]
    public async Task Command_that_takes_too_long_has_no_exit_code()
    {
        Assert.Null((await GuestShellCommand.RunAsync(
            Shell(_directory["user"], secret: null), ["sleep", "600"], new Dictionary<string, string>(), TimeSpan.FromSeconds(2), _directory.Path, CancellationToken.None)).ExitCode);
    }

    public void Dispose()
    {
        _server.Kill(entireProcessTree: true);
        _server.WaitForExit();
        _server.Dispose();
        _directory.Dispose();
    }

    private Task<CommandOutcome> RunAsync(GuestShell shell, params string[] arguments) => GuestShellCommand.RunAsync(
        shell, arguments, new Dictionary<string, string> { ["VP_VM_NAME"] = "web 1's" }, TimeSpan.FromMinutes(2), _directory.Path, CancellationToken.None);

    private GuestShell Shell(string? keyPath, string? secret) => new("127.0.0.1", _port, "root", keyPath, secret);

    private void WaitUntilItListens()
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", _port);
                return;
            }
            catch (SocketException) when (attempt < 600)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
