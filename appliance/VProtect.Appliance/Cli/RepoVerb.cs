namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect repo …</c>: the repository itself.</summary>
internal static class RepoVerb
{
    public static Verb New(CommonOptions common, Terminal terminal) => new("repo", "Make, inspect and look after a repository.")
    {
        RepoInitVerb.New(common, terminal),
        RepoInfoVerb.New(common, terminal),
        RepoVerifyVerb.New(common, terminal),
        RepoCheckVerb.New(common, terminal),
        RepoGcVerb.New(common, terminal),
        RepoRebuildIndexVerb.New(common, terminal),
        RepoKeyVerb.New(common, terminal),
    };
}
