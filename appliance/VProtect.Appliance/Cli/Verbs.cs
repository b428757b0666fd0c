using System.CommandLine;
using VProtect.Appliance.Cli.Client;
using VProtect.Connectors.Contract;

namespace VProtect.Appliance.Cli;

/// <summary>The tree of verbs.</summary>
internal static class Verbs
{
    public static RootCommand NewRoot(Terminal terminal, IReadOnlyList<IConnectorFactory> platforms)
    {
        var common = new CommonOptions();
        var root = new RootCommand(
            "VProtect backs up virtual machines into a deduplicated, compressed and encrypted repository, and restores them.")
        {
            BackupVerb.New(common, terminal),
            CompletionVerb.New(common, terminal),
            DiffVerb.New(common, terminal),
            ForgetVerb.New(common, terminal),
            HoldVerb.NewHold(common, terminal),
            ListVerb.New(common, terminal),
            MountVerb.New(common, terminal),
            HoldVerb.NewRelease(common, terminal),
            RecoverVerb.New(common, terminal),
            RepoVerb.New(common, terminal),
            RestoreVerb.New(common, terminal),
            ServeVerb.New(common, terminal, platforms),
            ShowVerb.New(common, terminal),
            HoldVerb.NewUnforget(common, terminal),
        };
        foreach (Command verb in root.Subcommands)
        {
            verb.Options.Add(common.KeyFile);
            verb.Options.Add(common.State);
        }

        foreach (Command verb in ServerVerbs.New(common, terminal))
        {
            root.Subcommands.Add(verb);
        }

        root.Options.Add(common.Json);
        root.Options.Add(common.Quiet);
        root.Options.Add(common.Verbose);
        TeachingHelp.Install(root);
        return root;
    }
}
