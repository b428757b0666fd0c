using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>
/// A host behind ssh: commands are run by it, sockets forwarded. Commands share a connection; what lives as long as a backup has one of its own, so that bytes
/// of disks hold nobody up and no end of a connection takes more with it than it must.
/// </summary>
internal sealed class SshHost : KvmHost
{
    /// <summary>An ssh that shares nothing, whatever the user's configuration says.</summary>
    private static readonly string[] Alone = ["-S", "none", "-o", "ControlMaster=no"];

    /// <summary>How lines begin in which ssh tells that the shared connection could not serve and that it makes its own.</summary>
    private static readonly string[] SharingFaults = ["mux_client_", "Control socket connect("];

    private readonly KvmOptions _options;
    private readonly SshIdentity _identity;
    private readonly SharedSshConnection _shared;

    internal SshHost(KvmOptions options, SshIdentity identity)
    {
        _options = options;
        _identity = identity;
        _shared = new SharedSshConnection(Path.GetDirectoryName(identity.CommandPath)!, ToMaster);
    }

    internal SharedSshConnection Shared => _shared;

    /// <summary>In place of no command at all: it ends with its input, and so does the connection, also when we are killed.</summary>
    private const string ReadsUntilWeEnd = "cat >/dev/null";

    private static readonly TimeSpan ForwardTimeMax = TimeSpan.FromSeconds(30);

    internal override bool IsLocal => false;

    internal override async Task<ReachedSocket> ReachAsync(string socketPath, CancellationToken cancellationToken)
    {
        var directory = new PrivateDirectory();
        string local = Path.Join(directory.FullName, "s");
        var info = new ProcessStartInfo(
            _identity.CommandPath,
            [.. Alone, "-o", "ExitOnForwardFailure=yes", "-L", $"{local}:{socketPath}", .. Target(), ReadsUntilWeEnd])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new HostProcess("ssh", Programs.Start(info));
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

    internal override async Task<CommandResult> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken, byte[]? input = null)
    {
        using SharedSshConnection.Place? place = await _shared.TryEnterAsync(cancellationToken);
        if (place is null)
        {
            return await base.RunAsync(command, cancellationToken, input);
        }

        try
        {
            CommandResult result = await RunAsync(command[0], ToProcess(place.Arguments, command), input, cancellationToken);
            return result with { Error = WithoutSharingFaults(result.Error) };
        }
        catch (VProtectException)
        {
            place.Doubt();
            throw;
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

    public override async ValueTask DisposeAsync()
    {
        await _shared.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override ProcessStartInfo ToProcess(IReadOnlyList<string> command) =>
        ToProcess(Alone, command);

    private ProcessStartInfo ToProcess(IReadOnlyList<string> sharing, IReadOnlyList<string> command) =>
        new(_identity.CommandPath, [.. sharing, .. Target(), Shell.Join(command)]);

    private ProcessStartInfo ToMaster(string controlPath, string command) =>
        new(_identity.CommandPath, ["-M", "-S", controlPath, "-o", "ControlPersist=no", .. Target(), command]);

    private static string WithoutSharingFaults(string error) => string.Join(
        '\n', error.Split('\n').Where(line => !SharingFaults.Any(start => line.StartsWith(start, StringComparison.Ordinal)))).Trim();

    private List<string> Target()
    {
        List<string> arguments = ["-T"];
        if (!_options.Address.IsDefaultPort)
        {
            arguments.AddRange(["-p", _options.Address.Port.ToString(CultureInfo.InvariantCulture)]);
        }

        if (_options.Login.Length > 0)
        {
            arguments.AddRange(["-l", _options.Login]);
        }

        arguments.Add(_options.Address.Host);
        return arguments;
    }
}
