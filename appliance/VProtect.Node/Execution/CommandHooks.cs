using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;

namespace VProtect.Node.Execution;

/// <summary>Runs the commands before and after a snapshot, here or in the machine, and judges how they ended.</summary>
internal sealed class CommandHooks(IConnector connector, string machineUuid, IReadOnlyDictionary<string, string> environment, WorkContext context)
{
    /// <summary>Lines of output kept in the task's log, of each stream; of the rest the number.</summary>
    private const int LinesMax = 100;

    /// <summary>What a guest agent may need beyond the command's own time.</summary>
    private static readonly TimeSpan GuestMargin = TimeSpan.FromSeconds(10);

    /// <summary>Runs one.</summary>
    /// <param name="hook">Which.</param>
    /// <param name="when">Of which it is told: <c>before</c> or <c>after</c>.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="VProtectException">It failed, as the hook defines failing, or did not end in time.</exception>
    public async Task RunAsync(CommandHook hook, string when, CancellationToken cancellationToken)
    {
        context.Enter($"running the command {when} the snapshot");
        if (hook.Arguments.Count == 0)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"The command {when} the snapshot is empty.", "Give a program and its arguments, or no command.");
        }

        CommandOutcome outcome = hook switch
        {
            { InGuest: false } => await NodeCommand.RunAsync(hook.Arguments, environment, hook.Timeout, cancellationToken),
            { Shell: { } shell } => await GuestShellCommand.RunAsync(
                shell, hook.Arguments, environment, hook.Timeout, context.Options.StatePath, cancellationToken),
            _ => await RunInGuestAsync(hook, when, cancellationToken),
        };
        Keep(outcome.Output);
        Keep(outcome.Error);
        if (outcome.ExitCode is not { } exitCode)
        {
            throw TimedOut(hook, when);
        }

        Judge(hook, when, exitCode, outcome.Error);
    }

    private async Task<CommandOutcome> RunInGuestAsync(CommandHook hook, string when, CancellationToken cancellationToken)
    {
        if (!connector.Capabilities.GuestCommands)
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Platform, "The platform cannot run commands inside machines.",
                $"Give the machine's SSH address, or run the command {when} the snapshot on the node, or none.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(hook.Timeout + GuestMargin);
        try
        {
            GuestCommandResult result = await connector.RunInGuestAsync(
                new GuestCommand(machineUuid, hook.Arguments, environment, hook.Timeout), limit.Token);
            return new CommandOutcome(result.ExitCode, result.Output, result.Error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(hook, when);
        }
    }

    private void Judge(CommandHook hook, string when, int exitCode, string error)
    {
        if (exitCode != 0 && !hook.IgnoredExitCodes.Contains(exitCode))
        {
            throw new VProtectException(
                ErrorCode.HookFailed, ErrorSide.Source, $"The command {when} the snapshot ended with exit code {exitCode}.",
                "The task's log has what it wrote. Correct the command, or add the code to those that are ignored.", RetryAdvice.Later);
        }

        if (exitCode != 0)
        {
            context.Note($"The command {when} the snapshot ended with exit code {exitCode}, which is ignored.");
        }

        if (string.IsNullOrWhiteSpace(error) || hook.StandardError == "IGNORE_WITHOUT_WARNING")
        {
            return;
        }

        string message = $"The command {when} the snapshot wrote to standard error: {error.Trim().Split('\n')[0].Trim()}";
        if (hook.StandardError == "IGNORE_WITH_WARNING")
        {
            context.Warn(message);
            return;
        }

        throw new VProtectException(
            ErrorCode.HookFailed, ErrorSide.Source, message, "Correct the command, or choose to ignore its standard error.", RetryAdvice.Later);
    }

    private void Keep(string output)
    {
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (string line in lines.Take(LinesMax))
        {
            context.Note($"command: {line}");
        }

        if (lines.Length > LinesMax)
        {
            context.Note($"command: … and {Quantity.Of(lines.Length - LinesMax, "line")} more");
        }
    }

    private static VProtectException TimedOut(CommandHook hook, string when) => new(
        ErrorCode.HookTimedOut, ErrorSide.Source, $"The command {when} the snapshot did not end within {hook.Timeout.TotalSeconds:0} s and was stopped.",
        "Look why it takes so long, or give it more time.", RetryAdvice.Later);
}
