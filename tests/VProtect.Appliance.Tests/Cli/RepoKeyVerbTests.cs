using VProtect.Appliance.Cli;

namespace VProtect.Appliance.Tests.Cli;

public sealed class RepoKeyVerbTests
{
    [Fact]
    public async Task Changed_pass_phrase_opens_and_the_old_one_is_refused_with_what_there_is()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        workplace.Variables["VPROTECT_NEW_PASSPHRASE"] = "battery staple";
        Outcome changed = await workplace.RunAsync("repo", "key", "change", "--label", "ann", "--json");
        Assert.Equal(0, changed.ExitCode);

        Outcome refused = await workplace.RunAsync("list");
        Assert.Equal(6, refused.ExitCode);
        Assert.Contains(changed.Json().GetProperty("id").GetString()![..8] + " pass phrase 'ann'", refused.Error, StringComparison.Ordinal);

        workplace.Variables["VPROTECT_PASSPHRASE"] = "battery staple";
        Outcome list = await workplace.RunAsync("repo", "key", "list");
        Assert.Contains("opened this", list.Out, StringComparison.Ordinal);
        Assert.Contains("ann", list.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Recovery_key_counts_only_when_its_last_group_is_typed_back()
    {
        RecoveryKeyText.Confirm(TerminalWith("wxyz\n", isTerminal: true), "ABCD-WXYZ");
        RecoveryKeyText.Confirm(TerminalWith("", isTerminal: false), "ABCD-WXYZ");
        foreach (string typed in new[] { "", "\n", "ABCD\n" })
        {
            Assert.Throws<Abstractions.VProtectException>(() => RecoveryKeyText.Confirm(TerminalWith(typed, isTerminal: true), "ABCD-WXYZ"));
        }
    }

    private static Terminal TerminalWith(string input, bool isTerminal) => new()
    {
        In = new StringReader(input),
        Out = new StringWriter(),
        Error = new StringWriter(),
        IsInputTerminal = isTerminal,
        Variable = _ => null,
    };
}
