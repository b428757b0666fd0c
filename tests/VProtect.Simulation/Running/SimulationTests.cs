using System.Diagnostics;
using System.Globalization;
using VProtect.Mover.Seal.Keys;
using Xunit.Abstractions;

namespace VProtect.Simulation.Running;

/// <summary>
/// Goal: the product's own writers, collectors, readers and verifiers lose nothing and leave nothing behind, whatever order their calls of
/// the store are completed in, whatever fails, whoever dies, and however listings lag. Method: see <see cref="Simulator"/>.
/// <c>VPROTECT_SIM_SEED</c> repeats a seed, <c>VPROTECT_SIM_STEPS</c> says how long.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static readonly int Seed = Number("VPROTECT_SIM_SEED", 1);
    private static readonly int Steps = Number("VPROTECT_SIM_STEPS", 16_000);

    [Fact]
    public void Nothing_is_lost_and_nothing_is_left() => Check(new SimulationOptions { Seed = Seed, Steps = Steps });

    [Fact]
    public void Nothing_is_lost_and_nothing_is_left_in_an_encrypted_repository() =>
        Check(new SimulationOptions { Seed = Seed + 1_000_000, Steps = Steps / 4, Secret = Secret.NewRecoveryKey().Secret });

    [Fact]
    public void One_seed_is_one_run()
    {
        var options = new SimulationOptions { Seed = Seed + 2_000_000, Steps = 5000, RoundSteps = 2500 };
        SimulationResult first = Simulator.Run(options);
        SimulationResult again = Simulator.Run(options);
        SimulationResult other = Simulator.Run(options with { Seed = options.Seed + 1 });
        Assert.Null(first.Violation);
        Assert.Equal(0, first.Counts["ready on another thread"]);
        Assert.Equal((first.Steps, first.TraceHash), (again.Steps, again.TraceHash));
        Assert.NotEqual(first.TraceHash, other.TraceHash);
    }

    [Theory]
    [InlineData(StoreLie.LeasesVanish)]
    [InlineData(StoreLie.PacksVanish)]
    [InlineData(StoreLie.LeasesUnseen)]
    [InlineData(StoreLie.PointsUnseen)]
    [InlineData(StoreLie.PointsVanish)]
    public void Lie_of_the_store_is_found_out(StoreLie lie)
    {
        SimulationResult result = Simulator.Run(new SimulationOptions { Seed = 7, Steps = 60_000, Lie = lie });
        output.WriteLine($"{lie}: after {result.Steps:N0} steps, {result.Violation}");
        Assert.NotNull(result.Violation);
        Assert.DoesNotContain("hangs", result.Violation, StringComparison.Ordinal);
    }

    private void Check(SimulationOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        SimulationResult result = Simulator.Run(options);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        output.WriteLine($"seed {options.Seed}: {result.Steps:N0} steps, {result.Steps / seconds:N0} a second, trace {result.TraceHash:x16}");
        output.WriteLine(string.Join('\n', result.Counts.Select(count => $"  {count.Value,9:N0} {count.Key}")));
        Assert.True(result.Violation is null, $"seed {options.Seed}, step {result.Steps}: {result.Violation}");
    }

    private static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
