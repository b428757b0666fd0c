using System.CommandLine;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo …</c>: the repository itself.</summary>
internal static class RepoVerb
{
    public static Command New(CommonOptions common, Terminal terminal) => new("repo", "Make, inspect and keep a repository.")
    {
        RepoInitVerb.New(common, terminal),
        RepoInfoVerb.New(common, terminal),
        RepoRebuildIndexVerb.New(common, terminal),
    };
}
