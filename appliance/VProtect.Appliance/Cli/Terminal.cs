using System.Text;

namespace VProtect.Appliance.Cli;

/// <summary>What surrounds an invocation: where text goes and comes from, and the environment. Tests bring their own.</summary>
internal sealed class Terminal
{
    /// <summary>Standard output: results only.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: progress, warnings, errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal, on which progress may be drawn.</summary>
    public bool IsErrorTerminal { get; init; }

    /// <summary>Whether a person can be asked.</summary>
    public bool IsInputTerminal { get; init; }

    /// <summary>Columns of the terminal that <see cref="Out"/> is; null when it is none, and nothing has to fit.</summary>
    public int? Width { get; init; }

    /// <summary>Gives lines that are not shown while they are typed, in the place of the keyboard; null for the keyboard.</summary>
    public Func<string>? HiddenIn { get; init; }

    /// <summary>Reads an environment variable; null when it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The surroundings of this process.</summary>
    public static Terminal OfProcess() => new()
    {
        In = Console.In,
        Out = Console.Out,
        Error = Console.Error,
        IsErrorTerminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb",
        IsInputTerminal = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        Variable = Environment.GetEnvironmentVariable,
        Width = Console.IsOutputRedirected ? null : WidthOfConsole(),
    };

    /// <summary>Standard input, for questions.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Asks for a line; null at the end of input. Only when <see cref="IsInputTerminal"/>.</summary>
    public string? ReadLine(string question)
    {
        Error.Write(question + ": ");
        Error.Flush();
        return In.ReadLine();
    }

    /// <summary>Asks for a line that is not shown while it is typed. Only when <see cref="IsInputTerminal"/>.</summary>
    public string ReadHidden(string question)
    {
        Error.Write(question + ": ");
        Error.Flush();
        if (HiddenIn is not null)
        {
            Error.WriteLine();
            return HiddenIn();
        }

        var text = new StringBuilder();
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Error.WriteLine();
                    return text.ToString();
                case ConsoleKey.Backspace:
                    text.Length = Math.Max(0, text.Length - 1);
                    break;
                default:
                    if (!char.IsControl(key.KeyChar))
                    {
                        text.Append(key.KeyChar);
                    }

                    break;
            }
        }
    }

    /// <summary>Some terminals, such as serial ones, do not know their width.</summary>
    private static int? WidthOfConsole() => Console.WindowWidth is var width and > 0 ? width : null;
}
