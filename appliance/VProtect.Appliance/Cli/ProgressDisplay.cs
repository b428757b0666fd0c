using System.Diagnostics;
using System.Globalization;

namespace VProtect.Appliance.Cli;

/// <summary>Shows how far a piece of work is, on standard error: drawn on a terminal, else a plain line now and then.</summary>
internal static class ProgressDisplay
{
    /// <summary>Between plain lines: rare enough for a log.</summary>
    private static readonly TimeSpan _plainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs the work and shows its progress meanwhile.</summary>
    /// <param name="invocation">Of whom.</param>
    /// <param name="sample">Asked from another thread at any time.</param>
    /// <param name="work">What to run.</param>
    /// <returns>The work's own result or exception.</returns>
    public static async Task<T> RunAsync<T>(Invocation invocation, Func<ProgressSample> sample, Func<Task<T>> work)
    {
        Task<T> running = work();
        if (!invocation.IsQuiet)
        {
            await ShowPlainAsync(invocation.Terminal.Error, sample, running);
        }

        return await running;
    }

    private static async Task ShowPlainAsync(TextWriter writer, Func<ProgressSample> sample, Task running)
    {
        long started = Stopwatch.GetTimestamp();
        while (await Task.WhenAny(running, Task.Delay(_plainInterval)) != running)
        {
            await writer.WriteLineAsync(PlainLine(sample(), Stopwatch.GetElapsedTime(started)));
        }
    }

    private static string PlainLine(in ProgressSample now, TimeSpan elapsed)
    {
        string percent = now.Total > 0 ? string.Create(CultureInfo.InvariantCulture, $" {now.Fraction:P0},") : "";
        string rate = now.Unit is null ? $", {SizeText.Rate(now.Done, elapsed)}" : "";
        string details = now.Details.Length > 0 ? ", " + now.Details : "";
        return $"{now.Step}:{percent} {now.Position}{rate}{details}";
    }
}
