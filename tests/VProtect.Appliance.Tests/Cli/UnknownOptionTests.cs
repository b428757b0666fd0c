using System.CommandLine;
using VProtect.Appliance.Cli;

namespace VProtect.Appliance.Tests.Cli;

public sealed class UnknownOptionTests
{
    [Theory]
    [InlineData("--repo", "backup", "disk.raw", "--repository", "X")]
    [InlineData("--repo", "backup", "disk.raw", "--repository=X")]
    [InlineData("--repo", "backup", "--Repo", "X", "disk.raw")]
    [InlineData("--machine", "backup", "disk.raw", "--machin", "web1")]
    [InlineData("--json", "backup", "disk.raw", "--jsno")]
    [InlineData("--key-file", "repo", "info", "--keyfile", "key")]
    [InlineData("--differential", "restore", "latest", "--diff", "--to", "disk.raw")]
    [InlineData("--wait", "vm", "backup", "web1", "--wiat")]
    [InlineData("--limit", "task", "list", "--limt", "5")]
    public async Task Typo_of_an_option_is_told_with_what_was_meant(string meant, params string[] args)
    {
        using var workplace = new Workplace();
        Outcome outcome = await workplace.RunAsync(args);
        Assert.Equal(ExitCodes.BadArguments, outcome.ExitCode);
        string typed = args.Last(arg => arg.StartsWith("--", StringComparison.Ordinal) && arg is not ("--to")).Split('=')[0];
        Assert.Contains($"Unknown option '{typed}'.", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"Did you mean {meant}?", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_verb_takes_an_unknown_option_for_something_else()
    {
        using var workplace = new Workplace();
        var terminal = new Terminal { Out = TextWriter.Null, Error = TextWriter.Null, Variable = _ => null };
        string[][] verbs = [.. PathsBelow(Verbs.NewRoot(terminal, []), [])];
        Assert.InRange(verbs.Length, 100, int.MaxValue);
        foreach (string[] path in verbs)
        {
            foreach (string[] typed in (string[][])[[.. path, "--xyzzy"], [.. path, "one", "--xyzzy", "two"], [.. path, "one", "-Y"]])
            {
                Outcome outcome = await workplace.RunAsync(typed);
                Assert.True(outcome.ExitCode == ExitCodes.BadArguments && outcome.Error.Contains($"Unknown option '{typed.First(arg => arg[0] == '-')}'.", StringComparison.Ordinal), $"{string.Join(' ', typed)}: {outcome}");
                Assert.DoesNotContain("Did you mean", outcome.Error, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Names_that_begin_with_dashes_go_behind_two_of_them_and_help_is_given_whatever_else_is_typed()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        foreach (string name in (string[])["--repository", "-x", "-", "@list"])
        {
            Outcome outcome = await workplace.RunAsync("show", "--", name);
            Assert.Equal(ExitCodes.NotFound, outcome.ExitCode);
            Assert.Contains($"'{name}'", outcome.Error, StringComparison.Ordinal);
        }

        Outcome both = await workplace.RunAsync("backup", "--other", "--", "--other");
        Assert.Equal(ExitCodes.BadArguments, both.ExitCode);
        Assert.Contains("Unknown option '--other'.", both.Error, StringComparison.Ordinal);
        Assert.Contains("-- --other", both.Error, StringComparison.Ordinal);
        Outcome behind = await workplace.RunAsync("backup", "--machine", "m", "--", "--no-such-disk");
        Assert.Equal(ExitCodes.SourceFailed, behind.ExitCode);
        Assert.Equal(ExitCodes.Success, (await workplace.RunAsync("backup", "--other", "--help")).ExitCode);
    }

    private static IEnumerable<string[]> PathsBelow(Command command, string[] path) => command.Subcommands.SelectMany(
        verb => verb.Subcommands.Count == 0 ? [[.. path, verb.Name]] : PathsBelow(verb, [.. path, verb.Name]));
}
