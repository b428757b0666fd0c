using System.CommandLine;
using VProtect.Appliance.Cli;

namespace VProtect.Appliance.Tests.Cli;

public sealed class HelpTests
{
    [Fact]
    public async Task Every_verb_teaches_by_examples_that_parse()
    {
        using var workplace = new Workplace();
        var terminal = new Terminal { Out = TextWriter.Null, Error = TextWriter.Null, Variable = _ => null };
        foreach ((string path, Verb verb) in VerbsBelow(Verbs.NewRoot(terminal, []), "vprotect"))
        {
            Outcome help = await workplace.RunAsync([.. path.Split(' ')[1..], "--help"]);
            Assert.Equal(0, help.ExitCode);
            if (verb.Subcommands.Count > 0)
            {
                continue;
            }

            Assert.True(verb.Examples.Count > 0, path);
            Assert.Contains("Examples:", help.Out, StringComparison.Ordinal);
            foreach ((string line, _) in verb.Examples)
            {
                string typed = line.Replace("source <(", "", StringComparison.Ordinal).Split([" |", " >", " &&", ")"], StringSplitOptions.None)[0].Replace('\'', '"');
                Assert.StartsWith(path, typed, StringComparison.Ordinal);
                ParseResult parsed = Verbs.NewRoot(terminal, []).Parse(typed["vprotect ".Length..]);
                Assert.True(parsed.Errors.Count == 0, $"{line}: {string.Join(" ", parsed.Errors)}");
            }
        }
    }

    [Fact]
    public async Task Program_help_tells_exit_codes_and_environment()
    {
        using var workplace = new Workplace();
        Outcome help = await workplace.RunAsync("--help");
        Assert.Contains("130", help.Out, StringComparison.Ordinal);
        Assert.Contains("VPROTECT_PASSPHRASE", help.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Completion_asks_the_program_itself(string shell)
    {
        using var workplace = new Workplace();
        Outcome script = await workplace.RunAsync("completion", shell);
        Assert.Contains("[suggest:", script.Out, StringComparison.Ordinal);
        Outcome suggested = await workplace.RunAsync("[suggest:14]", "vprotect repo ");
        Assert.Contains("rebuild-index", suggested.Out, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Path, Verb Verb)> VerbsBelow(Command command, string path) =>
        command.Subcommands.OfType<Verb>().SelectMany(verb =>
            VerbsBelow(verb, $"{path} {verb.Name}").Prepend(($"{path} {verb.Name}", verb)));
}
