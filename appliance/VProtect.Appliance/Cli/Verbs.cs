using System.CommandLine;

namespace VProtect.Appliance.Cli;

/// <summary>The tree of verbs.</summary>
internal static class Verbs
{
    public static RootCommand NewRoot(Terminal terminal)
    {
        var common = new CommonOptions();
        var root = new RootCommand(
            "VProtect backs up disks of virtual machines into a deduplicated, compressed and encrypted repository, and restores them.")
        {
            RepoVerb.New(common, terminal),
            BackupVerb.New(common, terminal),
            ListVerb.New(common, terminal),
            RestoreVerb.New(common, terminal),
            ForgetVerb.New(common, terminal),
        };
        root.Options.Add(common.KeyFile);
        root.Options.Add(common.State);
        root.Options.Add(common.Json);
        root.Options.Add(common.Quiet);
        root.Options.Add(common.Verbose);
        return root;
    }

    /// <summary>Gives a verb its work.</summary>
    public static Command Doing(
        this Command command, CommonOptions common, Terminal terminal, Func<Invocation, CancellationToken, Task<int>> work)
    {
        command.SetAction((parsed, cancellationToken) => work(new Invocation(parsed, common, terminal), cancellationToken));
        return command;
    }
}
