using System.Diagnostics;
using System.Globalization;

namespace VProtect.RepositoryScale;

/// <summary>Lines of a measurement.</summary>
internal static class Report
{
    public static void Row(string what, string figure) => Console.WriteLine($"{what,-44} {figure}");

    public static void Took(string what, long sinceTimestamp) =>
        Row(what, $"{Stopwatch.GetElapsedTime(sinceTimestamp).TotalSeconds.ToString("f2", CultureInfo.InvariantCulture)} s");

    /// <summary>The most memory this process has had resident so far, as the kernel counts it.</summary>
    public static void PeakMemory()
    {
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        long kib = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        Row("peak resident memory", $"{kib >> 10} MiB");
    }
}
