using System.Diagnostics;

namespace VProtect.CatalogScale;

/// <summary>Times calls and writes a line of a table for each.</summary>
internal sealed class CallTable
{
    private const int WarmUps = 5;
    private readonly int _iterations;

    public CallTable(int iterations)
    {
        _iterations = iterations;
        Console.WriteLine("| call | rows | total | CPU ms | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|---|---|");
    }

    /// <summary>The worst p99 so far.</summary>
    public double WorstMilliseconds { get; private set; }

    public async Task MeasureAsync(string name, Func<Task<(int Rows, long Total)>> call)
    {
        double[] times = new double[_iterations];
        TimeSpan processor = default;
        (int Rows, long Total) last = default;
        for (int i = -WarmUps; i < _iterations; i++)
        {
            if (i == 0)
            {
                processor = Environment.CpuUsage.TotalTime;
            }

            long begun = Stopwatch.GetTimestamp();
            last = await call();
            if (i >= 0)
            {
                times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            }
        }

        // What this process used, a mean: on a busy machine the one figure that is not about others. Of SQLite all, of PostgreSQL our half.
        double processorMs = (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / _iterations;
        Array.Sort(times);
        double p99 = times[Math.Min(_iterations - 1, (int)(_iterations * 0.99))];
        WorstMilliseconds = Math.Max(WorstMilliseconds, p99);
        Console.WriteLine($"| {name} | {last.Rows} | {last.Total} | {processorMs:f2} | {times[_iterations / 2]:f1} | {p99:f1} | {times[^1]:f1} |");
    }
}
