using System.Diagnostics;

namespace VProtect.IndexScale;

/// <summary>Rates by the clock and, for machines that have other work, by processor time used.</summary>
internal readonly record struct Report(long Begun, TimeSpan ProcessorBegun)
{
    public static Report Start() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    public string Rate(long count) =>
        $"{count / Stopwatch.GetElapsedTime(Begun).TotalSeconds / 1e6:f2} M/s ({count / (Environment.CpuUsage.TotalTime - ProcessorBegun).TotalSeconds / 1e6:f2} per CPU s)";

    public string Time() =>
        $"{Stopwatch.GetElapsedTime(Begun).TotalMilliseconds:f0} ms ({(Environment.CpuUsage.TotalTime - ProcessorBegun).TotalMilliseconds:f0} CPU ms)";

    public static void Row(string what, string figure) => Console.WriteLine($"  {what,-34} {figure,30}");

    public static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    public static long ResidentMax()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }
}
