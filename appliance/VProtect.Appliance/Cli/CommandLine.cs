using System.CommandLine;
using System.CommandLine.Invocation;
using VProtect.Connectors.Contract;

namespace VProtect.Appliance.Cli;

/// <summary>The whole command line: parses, runs the verb, and turns whatever goes wrong into a message and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>Runs one invocation of the program.</summary>
    /// <param name="args">As typed.</param>
    /// <param name="terminal">Where answers go.</param>
    /// <param name="platforms">What the node of this program can connect to.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, IReadOnlyList<IConnectorFactory> platforms)
    {
        using var signals = new Interruption(args);
        Task<int> running = RunAsync(args, terminal, platforms, signals.Token);
        if (await Task.WhenAny(running, signals.Overdue) == running)
        {
            return await running;
        }

        // Something hangs that does not heed cancellation, such as a share that does not answer. Ending here is as safe as a power cut.
        return Failure.Report(new OperationCanceledException(), args.Contains("--json"), terminal, signals.Token);
    }

    /// <summary>As above, without platforms and with cancellation by the caller.</summary>
    public static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken) =>
        RunAsync(args, terminal, [], cancellationToken);

    private static async Task<int> RunAsync(
        string[] args, Terminal terminal, IReadOnlyList<IConnectorFactory> platforms, CancellationToken cancellationToken)
    {
        bool isJson = args.Contains("--json");
        try
        {
            // '@appliance-…' is a name, and no file with more arguments.
            ParseResult parsed = Verbs.NewRoot(terminal, platforms).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            UnknownOptions.Refuse(parsed);
            if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
            {
                throw Invocation.BadArgument(
                    string.Join(" ", parsed.Errors.Select(error => error.Message)), $"See '{PathOf(parsed.CommandResult.Command)} --help'.");
            }

            // Interruption is ours: the library's own handling would end the process before clean-up is through.
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, isJson, terminal, cancellationToken);
        }
    }

    /// <summary>How a verb is called from the start.</summary>
    internal static string PathOf(Command command)
    {
        Command? parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "vprotect" : $"{PathOf(parent)} {command.Name}";
    }
}
