using System.CommandLine;

namespace VProtect.Appliance.Cli;

/// <summary>Options that every verb understands.</summary>
internal sealed class CommonOptions
{
    public Option<string?> KeyFile { get; } = new("--key-file")
    {
        Description = "File that holds the pass phrase or key. Otherwise VPROTECT_PASSPHRASE, otherwise you are asked.",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> State { get; } = new("--state")
    {
        Description = "Directory of what can be learned again, such as chunk indexes. Otherwise VPROTECT_STATE, otherwise ~/.cache/vprotect.",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Answer with one JSON document on standard output.", Recursive = true };

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "No progress and no notes; warnings and errors only.", Recursive = true };

    public Option<bool> Verbose { get; } = new("--verbose", "-v") { Description = "Tell more, such as where the time went.", Recursive = true };

    /// <summary>Of verbs that use a repository but are not about it.</summary>
    public static Option<string?> NewRepo() => new("--repo", "-r")
    {
        Description = "The repository: a directory, file:// URL, or s3://BUCKET/PREFIX. Otherwise VPROTECT_REPOSITORY.",
        HelpName = "REPO",
    };

    /// <summary>Of the verbs of <c>vprotect repo</c>.</summary>
    public static Argument<string?> NewRepoArgument() => new("REPO")
    {
        Description = "The repository: a directory, file:// URL, or s3://BUCKET/PREFIX. Otherwise VPROTECT_REPOSITORY.",
        Arity = ArgumentArity.ZeroOrOne,
    };
}
