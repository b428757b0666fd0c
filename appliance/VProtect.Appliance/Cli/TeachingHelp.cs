using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace VProtect.Appliance.Cli;

/// <summary>The library's help, followed by examples; that of the program also by environment variables and exit codes.</summary>
internal sealed class TeachingHelp(HelpAction inner) : SynchronousCommandLineAction
{
    private static readonly (string Name, string Meaning)[] _variables =
    [
        ("VPROTECT_REPOSITORY", "the repository, when --repo is left out"),
        ("VPROTECT_PASSPHRASE", "the pass phrase, when --key-file is left out"),
        ("VPROTECT_NEW_PASSPHRASE", "the pass phrase of 'repo key add' and 'change'"),
        ("VPROTECT_RESERVE", "space that backups leave free, when --reserve is left out"),
        ("VPROTECT_STATE", "directory of chunk indexes (~/.cache/vprotect)"),
        ("VPROTECT_SERVER", "the server, when --server is left out and no context is meant"),
        ("VPROTECT_TOKEN", "the token for it, in the place of 'vprotect login'"),
        ("VPROTECT_FINGERPRINT", "its certificate, when --fingerprint is left out"),
        ("VPROTECT_DEBUG=1", "show where an error came from"),
    ];

    /// <summary>Puts it in place of the library's help, for the whole program.</summary>
    public static void Install(RootCommand root)
    {
        HelpOption option = root.Options.OfType<HelpOption>().First();
        if (option.Action is HelpAction inner)
        {
            option.Action = new TeachingHelp(inner);
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter writer = parseResult.InvocationConfiguration.Output;
        Command command = parseResult.CommandResult.Command;
        List<Verb> ofServer = command is RootCommand ? [.. command.Subcommands.OfType<Verb>().Where(verb => verb.IsOfServer)] : [];
        ofServer.ForEach(verb => verb.Hidden = true);
        inner.Invoke(parseResult);
        if (ofServer.Count > 0)
        {
            // Apart from the others: they need a login, and no repository.
            WriteTable(writer, "Server commands:", ofServer.Select(verb => (verb.Name, verb.Description ?? "")));
        }

        if (command is Verb { Examples: { Count: > 0 } examples })
        {
            writer.WriteLine("Examples:");
            foreach ((string line, string meaning) in examples)
            {
                writer.WriteLine($"  # {meaning}");
                writer.WriteLine($"  {line}");
            }

            writer.WriteLine();
        }
        else if (command is RootCommand)
        {
            WriteTable(writer, "Environment:", _variables);
            WriteTable(writer, "Exit codes:", ExitCodes.Table.Select(row => ($"{row.Code}", row.Meaning)));
        }

        return ExitCodes.Success;
    }

    private static void WriteTable(TextWriter writer, string title, IEnumerable<(string Name, string Meaning)> rows)
    {
        writer.WriteLine(title);
        (string Name, string Meaning)[] all = [.. rows];
        int width = all.Max(row => row.Name.Length);
        foreach ((string name, string meaning) in all)
        {
            writer.WriteLine($"  {name.PadRight(width)}  {meaning}");
        }

        writer.WriteLine();
    }
}
