using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using VProtect.Abstractions;

namespace VProtect.Node.Execution;

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code; null when its time was over.</param>
/// <param name="Output">The beginning of standard output.</param>
/// <param name="Error">The beginning of standard error.</param>
internal sealed record CommandOutcome(int? ExitCode, string Output, string Error);

/// <summary>A command on the node: an argument vector, a bare environment, a time limit, and no process left behind.</summary>
internal static class NodeCommand
{
    /// <summary>Characters kept of each stream: as much as of a guest's.</summary>
    private const int OutputCharsMax = 64 << 10;

    /// <summary>What it finds of our own environment; the rest may hold what is nobody's business.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TZ"];

    /// <summary>After the command has ended, for a process of its own that still holds its output.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(2);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="VProtectException">It cannot be started.</exception>
    public static async Task<CommandOutcome> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using Process process = Start(arguments, environment);
        process.StandardInput.Close();
        using var ended = new CancellationTokenSource();
        Task<string> output = ReadAsync(process.StandardOutput, ended.Token);
        Task<string> error = ReadAsync(process.StandardError, ended.Token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        bool hasEnded = true;
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            hasEnded = false;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        ended.CancelAfter(OutputGrace);
        var outcome = new CommandOutcome(hasEnded ? process.ExitCode : null, await output, await error);
        cancellationToken.ThrowIfCancellationRequested();
        return outcome;
    }

    private static Process Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        foreach (string name in Inherited)
        {
            start.Environment[name] = Environment.GetEnvironmentVariable(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Programs.Start(start);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new VProtectException(
                ErrorCode.HookFailed, ErrorSide.Source, $"The command '{arguments[0]}' cannot be started: {e.Message}",
                "Give the path of a program that the node may run.", RetryAdvice.Never, e);
        }
    }

    /// <summary>Reads to the end, keeps the beginning.</summary>
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken ended)
    {
        var kept = new StringBuilder();
        char[] buffer = new char[4096];
        try
        {
            int read;
            while ((read = await reader.ReadAsync(buffer, ended)) > 0)
            {
                kept.Append(buffer, 0, Math.Min(read, OutputCharsMax - kept.Length));
            }
        }
        catch (OperationCanceledException)
        {
            // A child in the background keeps the pipe open: what came until now is what there is.
        }

        return kept.ToString();
    }
}
