using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace VProtect.Benchmarks;

/// <summary>What all benchmarks share: allocated bytes, and throughput where a class says how many bytes a call takes.</summary>
internal static class MoverConfig
{
    // In this process: the alternative generates and builds a project per run, which the central package versions and
    // warnings of the repository were not made for. Nothing here needs a fresh process.
    public static IConfig Create(IConfig config) => ManualConfig.Create(config)
        .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).WithId("Short"))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumn(new ThroughputColumn());

    /// <summary>Decimal gigabytes of input per second, from the parameter named <c>LengthBytes</c>.</summary>
    private sealed class ThroughputColumn : IColumn
    {
        public string Id => nameof(ThroughputColumn);

        public string ColumnName => "GB/s";

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public string Legend => "10^9 bytes of plain input per second";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        {
            double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Median;
            object? length = benchmarkCase.Parameters["LengthBytes"];
            return nanoseconds is null || length is not int bytes ? "?" : $"{bytes / nanoseconds:F2}";
        }

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
            GetValue(summary, benchmarkCase);

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

        public bool IsAvailable(Summary summary) => true;
    }
}
