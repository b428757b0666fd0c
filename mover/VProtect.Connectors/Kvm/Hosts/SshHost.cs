using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>A host behind ssh: commands are run by it, sockets forwarded.</summary>
internal sealed class SshHost(KvmOptions options, SshIdentity identity) : KvmHost
{
    /// <summary>In place of no command at all: it ends with its input, and so does the connection, also when we are killed.</summary>
    private const string ReadsUntilWeEnd = "cat >/dev/null";

    private static readonly TimeSpan ForwardTimeMax = TimeSpan.FromSeconds(30);

    internal override bool IsLocal => false;

    internal override async Task<ReachedSocket> ReachAsync(string socketPath, CancellationToken cancellationToken)
    {
        var directory = new PrivateDirectory();
        string local = Path.Join(directory.FullName, "s");
        var info = new ProcessStartInfo(
            identity.CommandPath,
            ["-o", "ExitOnForwardFailure=yes", "-L", $"{local}:{socketPath}", .. Target(), ReadsUntilWeEnd])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new HostProcess("ssh", Process.Start(info)!);
        long started = Stopwatch.GetTimestamp();
        try
        {
            while (!File.Exists(local))
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(started) > ForwardTimeMax)
                {
                    string why = process.HasExited ? await process.GetErrorAsync(cancellationToken) : "no answer";
                    throw Errors.Of(
                        ErrorCode.PlatformUnavailable,
                        $"ssh could not forward the NBD socket from the host: {why}",
                        "Allow AllowStreamLocalForwarding in the host's sshd_config.",
                        RetryAdvice.Later);
                }

                await Task.Delay(20, cancellationToken);
            }
        }
        catch
        {
            await ReleaseAsync();
            throw;
        }

        return new ReachedSocket(local, ReleaseAsync);

        async ValueTask ReleaseAsync()
        {
            await process.DisposeAsync();
            directory.Dispose();
        }
    }

    /// <summary>As the two ends of the connection are.</summary>
    internal override async Task<Contract.BootReach> FindReachAsync(CancellationToken cancellationToken)
    {
        // Address and port of the node, address and port of the host.
        string[] ends = (await MustRunAsync("Asking for the connection's addresses", ["sh", "-c", "echo \"$SSH_CONNECTION\""], cancellationToken)).Trim().Split(' ');
        return ends.Length == 4
            ? new Contract.BootReach(ends[0], ends[2])
            : throw Errors.Of(ErrorCode.NotSupported, "The host's ssh does not tell the connection's addresses.", "Let sshd set SSH_CONNECTION.");
    }

    protected override ProcessStartInfo ToProcess(IReadOnlyList<string> command) =>
        new(identity.CommandPath, [.. Target(), Shell.Join(command)]);

    private List<string> Target()
    {
        List<string> arguments = ["-T"];
        if (!options.Address.IsDefaultPort)
        {
            arguments.AddRange(["-p", options.Address.Port.ToString(CultureInfo.InvariantCulture)]);
        }

        if (options.Login.Length > 0)
        {
            arguments.AddRange(["-l", options.Login]);
        }

        arguments.Add(options.Address.Host);
        return arguments;
    }
}
