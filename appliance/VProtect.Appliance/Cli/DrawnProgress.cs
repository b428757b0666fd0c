using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace VProtect.Appliance.Cli;

/// <summary>
/// Progress drawn on a terminal, two lines that disappear at the end. The only file that touches Spectre.Console, so that
/// its assembly is not loaded where nobody looks.
/// </summary>
internal static class DrawnProgress
{
    private const int BarWidthMax = 40;
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Draws until the work has ended; its outcome is the caller's.</summary>
    public static async Task ShowAsync(Terminal terminal, Func<ProgressSample> sample, Task running)
    {
        // Short work draws nothing: a flash on the screen tells nobody anything.
        if (await Task.WhenAny(running, Task.Delay(_interval)) == running)
        {
            return;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        var pace = new Pace();
        await console.Live(new Text("")).AutoClear(true).StartAsync(async live =>
        {
            do
            {
                ProgressSample now = sample();
                pace.Add(now, Stopwatch.GetTimestamp());
                live.UpdateTarget(Draw(now, pace, console.Profile.Width));
                live.Refresh();
            }
            while (await Task.WhenAny(running, Task.Delay(_interval)) != running);
        });
    }

    private static Rows Draw(in ProgressSample now, Pace pace, int width)
    {
        string step = now.Step;
        string tail = string.Join("  ", new[] { now.Position, pace.Rate, pace.Left(now) }.Where(part => part.Length > 0));
        string percent = now.Total > 0 ? (now.Fraction * 100).ToString("0", CultureInfo.InvariantCulture).PadLeft(3) + " %" : "";
        int barWidth = now.Total > 0 ? Math.Clamp(width - step.Length - percent.Length - 4, 0, BarWidthMax) : 0;
        int full = (int)(now.Fraction * barWidth);
        string bar = barWidth == 0
            ? ""
            : $"  [green]{new string('━', full)}[/][grey]{new string('─', barWidth - full)}[/] {percent}";
        string figures = string.Join("  ", new[] { tail, now.Details }.Where(part => part.Length > 0));
        return new Rows(new IRenderable[]
        {
            new Markup($"[bold]{Markup.Escape(step)}[/]{bar}"),
            new Text(figures.Length < width ? figures : figures[..(width - 1)]),
        });
    }
}
