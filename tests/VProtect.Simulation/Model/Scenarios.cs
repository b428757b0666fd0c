namespace VProtect.Simulation.Model;

/// <summary>Scenarios of the protocol as it is. Those of the long mode come with <c>VPROTECT_SIM_LONG=1</c>.</summary>
internal static partial class Scenarios
{
    private static readonly CollectorSpec Once = new(Runs: 1, HasCounted: true);
    private static readonly CollectorSpec Twice = new(Runs: 2, HasCounted: true);

    /// <summary>On a machine that has counted nothing yet.</summary>
    private static readonly CollectorSpec Newcomer = new(Runs: 1, HasCounted: false);

    private static readonly WriterSpec BuildsUponParent = new(Parent: 0, Inherited: 0b01, Own: 0b10);
    private static readonly WriterSpec Reads = new(Parent: -1, Inherited: 0, Own: 0b10);

    /// <summary>One pack of two chunks; a point needs the first.</summary>
    private static readonly Scenario OnePoint = new()
    {
        Name = "",
        Packs = [0b11],
        Points = [0b01],
        Writers = [],
        Collectors = [],
        Forgets = [0],
    };

    private static readonly Scenario[] Short =
    [
        OnePoint with { Name = "1 writer, 1 collector twice, 1 death", Writers = [BuildsUponParent], Collectors = [Twice], CrashesMax = 1 },
        OnePoint with { Name = "2 writers, 1 collector, 1 death", Writers = [BuildsUponParent, Reads], Collectors = [Once], CrashesMax = 1 },
        OnePoint with { Name = "1 writer, 2 collectors, 1 death", Writers = [BuildsUponParent], Collectors = [Once, Newcomer], CrashesMax = 1, Lags = Lags.Packs | Lags.Points },
        OnePoint with { Name = "1 writer, 1 collector twice, a lease broken, a hold", Writers = [BuildsUponParent], Collectors = [Twice], BreaksMax = 1, Holds = [0], Lags = Lags.Points },
        OnePoint with { Name = "1 writer, 1 collector thrice, rewriting", Writers = [Reads], Collectors = [new(Runs: 3, HasCounted: true)], RewritesSparse = true, Lag = 2, Lags = Lags.Packs },
    ];

    private static readonly Scenario[] Long =
    [
        OnePoint with { Name = "2 writers, 1 collector twice", Writers = [BuildsUponParent, Reads], Collectors = [Twice] },
        OnePoint with { Name = "2 writers, 1 collector twice, 1 death", Writers = [BuildsUponParent, Reads], Collectors = [Twice], CrashesMax = 1, Lags = Lags.Packs | Lags.Points },
        OnePoint with { Name = "2 writers, 1 collector twice, a lease broken", Writers = [BuildsUponParent, Reads], Collectors = [Twice], BreaksMax = 1, Lags = Lags.Packs },
        OnePoint with { Name = "3 writers, 1 collector", Writers = [BuildsUponParent, Reads, Reads], Collectors = [Once], Lags = Lags.Points, Forgets = [] },
        OnePoint with { Name = "1 writer, 2 collectors twice, rewriting", Writers = [BuildsUponParent], Collectors = [Twice, new(Runs: 1, HasCounted: false)], RewritesSparse = true, Lags = Lags.Packs },
        OnePoint with { Name = "2 writers, 2 collectors", Writers = [Reads, Reads], Collectors = [Once, Newcomer], Lags = Lags.Packs, Condemned = 0b1, Forgets = [] },
    ];

    /// <summary>All that this run searches.</summary>
    public static IReadOnlyList<Scenario> Safe =>
        Environment.GetEnvironmentVariable("VPROTECT_SIM_LONG") == "1" ? [.. Short, .. Long] : Short;
}
