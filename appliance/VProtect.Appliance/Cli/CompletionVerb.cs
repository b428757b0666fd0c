using System.CommandLine;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect completion</c>: scripts that let a shell ask the program itself what can come next.</summary>
internal static class CompletionVerb
{
    // Words that do not begin with a dash may be files: then options are not offered, and the shell's own completion helps.
    private const string Bash =
        """
        _vprotect() {
            local word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
            local found=($("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null))
            COMPREPLY=()
            local item
            for item in "${found[@]}"; do
                [[ $item == "$word"* && ($word == -* || $item != -*) ]] && COMPREPLY+=("$item")
            done
        }
        complete -o bashdefault -o default -F _vprotect vprotect
        """;

    private const string Zsh =
        """
        #compdef vprotect
        _vprotect() {
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            [[ $PREFIX == -* ]] || found=("${(@)found:#-*}")
            found=("${(@)found:#}")
            (( $#found )) && compadd -- "${found[@]}"
            _files
        }
        compdef _vprotect vprotect
        """;

    private const string Fish =
        """
        function __vprotect_complete
            set -l line (commandline -p)
            vprotect "[suggest:"(commandline -C)"]" "$line" 2>/dev/null
        end
        complete -c vprotect -a '(__vprotect_complete)'
        """;

    public static Verb New(CommonOptions common, Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return new Verb("completion", "Prints a script that completes vprotect's verbs and options in a shell.") { shell }
            .WithExamples(
                ("vprotect completion bash > /etc/bash_completion.d/vprotect", "for everybody's bash"),
                ("source <(vprotect completion zsh)", "for this zsh only"))
            .Doing(common, terminal, (invocation, _) =>
            {
                invocation.Terminal.Out.WriteLine(invocation.Parsed.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
                return Task.FromResult(ExitCodes.Success);
            });
    }
}
