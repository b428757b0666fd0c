using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Execution;

/// <summary>
/// A command in a machine over SSH, by the <c>ssh</c> program of the node: for guests without an agent. A host's key is taken at the first connection and
/// must stay (<c>guest_known_hosts</c> beside the node's state); whoever reinstalls a guest removes its line there.
/// </summary>
internal static class GuestShellCommand
{
    /// <summary>What ssh ends with when it could not run the command at all (ssh(1)).</summary>
    private const int NotReached = 255;

    /// <summary>Gives the secret when ssh asks for it; the file is named in its environment.</summary>
    private const string AskPass = "#!/bin/sh\nexec cat \"$VPROTECT_SECRET_FILE\"\n";

    /// <summary>Runs it to its end.</summary>
    /// <param name="shell">How to get into the machine.</param>
    /// <param name="arguments">Program and arguments.</param>
    /// <param name="environment">Variables for the command.</param>
    /// <param name="timeout">After which it is given up. What it started in the machine may live on.</param>
    /// <param name="state">Directory of the node's state.</param>
    /// <param name="cancellationToken">Ends it, likewise.</param>
    /// <exception cref="VProtectException">The machine cannot be reached or refuses to let us in.</exception>
    public static async Task<CommandOutcome> RunAsync(
        GuestShell shell, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeout, string state,
        CancellationToken cancellationToken)
    {
        string directory = Directory.CreateTempSubdirectory("vprotect-ssh-").FullName; // for its owner alone
        try
        {
            (List<string> identity, Dictionary<string, string> asking) = Identity(shell, directory);
            List<string> ssh =
            [
                "ssh", "-F", "none", "-T", "-o", "StrictHostKeyChecking=accept-new", "-o", $"UserKnownHostsFile=\"{Path.Combine(state, "guest_known_hosts")}\"",
                "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15", "-o", "NumberOfPasswordPrompts=1", .. identity,
                "-p", $"{shell.Port}", "-l", shell.User, "--", shell.Host, CommandLine(arguments, environment),
            ];
            CommandOutcome outcome = await NodeCommand.RunAsync(ssh, asking, timeout, cancellationToken);
            return outcome.ExitCode != NotReached ? outcome : throw new VProtectException(
                ErrorCode.HookFailed, ErrorSide.Source, $"The machine cannot be reached over SSH as {shell.User}@{shell.Host}: {LastLine(outcome.Error)}",
                "Check the machine's SSH address, user and key or password, and that the node may reach it.", RetryAdvice.Later);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A line for the guest's shell in which every argument stands in quotes: nothing in it means anything to the shell.</summary>
    internal static string CommandLine(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment) =>
        string.Join(' ', environment.Select(variable => $"{variable.Key}={variable.Value}").Prepend("env").Concat(arguments).Select(Quote));

    private static string Quote(string argument) => "'" + argument.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static (List<string> Options, Dictionary<string, string> Environment) Identity(GuestShell shell, string directory)
    {
        if (shell.Secret is { } key && key.TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            return (["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", Secret(directory, "key", key.Trim() + "\n")], []);
        }

        if (shell.Secret is { Length: > 0 } password)
        {
            string program = Path.Combine(directory, "askpass");
            File.WriteAllText(program, AskPass);
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            return (
                ["-o", "PubkeyAuthentication=no"],
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["SSH_ASKPASS"] = program,
                    ["SSH_ASKPASS_REQUIRE"] = "force",
                    ["VPROTECT_SECRET_FILE"] = Secret(directory, "password", password),
                });
        }

        List<string> options = ["-o", "BatchMode=yes"];
        if (shell.KeyPath is { Length: > 0 } path)
        {
            options.AddRange(["-o", "IdentitiesOnly=yes", "-i", path]);
        }

        return (options, []);
    }

    private static string Secret(string directory, string name, string content)
    {
        string path = Path.Combine(directory, name);
        using (new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
        }

        File.WriteAllText(path, content);
        return path;
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "ssh says nothing.";
}
