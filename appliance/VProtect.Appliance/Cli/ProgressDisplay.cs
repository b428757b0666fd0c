using System.Diagnostics;

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
        // On a thread of its own: parts of the work compute long before they first wait.
        Task<T> running = Task.Run(work);
        if (!invocation.IsQuiet)
        {
            await (invocation.Terminal.IsErrorTerminal
                ? DrawnProgress.ShowAsync(invocation.Terminal, sample, running)
                : ShowPlainAsync(invocation.Terminal.Error, sample, running));
        }

        return await running;
    }

    private static async Task ShowPlainAsync(TextWriter writer, Func<ProgressSample> sample, Task running)
    {
        var pace = new Pace();
        while (await Task.WhenAny(running, Task.Delay(_plainInterval)) != running)
        {
            ProgressSample now = sample();
            pace.Add(now, Stopwatch.GetTimestamp());
            string[] parts = [now.Total > 0 ? $"{now.Fraction:P0}" : "", now.Position, pace.Rate, now.Details, pace.Left(now)];
            string figures = string.Join(", ", parts.Where(part => part.Length > 0));
            await writer.WriteLineAsync(figures.Length > 0 ? $"{now.Step}: {figures}" : now.Step);
        }
    }
}
