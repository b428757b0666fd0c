namespace VProtect.Simulation.Model;

/// <summary>What exists at first, who acts, and how often: the bounds of one exhaustive search.</summary>
internal sealed record Scenario
{
    public required string Name { get; init; }

    /// <summary>R of FORMAT.md section 7, scaled down. 1 to 3.</summary>
    public int Lag { get; init; } = 1;

    /// <summary>Which listings lag; the others show what there is.</summary>
    public Lags Lags { get; init; } = Lags.All;

    /// <summary>Whether listings of points lag without bound; safe only for a machine that has counted them.</summary>
    public bool PointsLagForEver { get; init; }

    /// <summary>Packs at first: the chunks in each, as bits.</summary>
    public required IReadOnlyList<int> Packs { get; init; }

    /// <summary>Packs condemned since generation 1, as bits; 1 is then the first generation, else 0.</summary>
    public int Condemned { get; init; }

    /// <summary>Packs of these that have just been written, so that listings may not show them yet, as bits.</summary>
    public int YoungPacks { get; init; }

    /// <summary>Points at first: the chunks each refers to, as bits.</summary>
    public required IReadOnlyList<int> Points { get; init; }

    /// <summary>Whether the first writer has held a lease of generation 1 while R more generations went by.</summary>
    public bool BeginsWithLongWriter { get; init; }

    public required IReadOnlyList<WriterSpec> Writers { get; init; }

    public required IReadOnlyList<CollectorSpec> Collectors { get; init; }

    /// <summary>Points that somebody forgets, at any time.</summary>
    public IReadOnlyList<int> Forgets { get; init; } = [];

    /// <summary>Points that somebody holds, at any time.</summary>
    public IReadOnlyList<int> Holds { get; init; } = [];

    /// <summary>How many writers or collectors may die, at any step.</summary>
    public int CrashesMax { get; init; }

    /// <summary>How many leases of living writers a collector may be told to break.</summary>
    public int BreaksMax { get; init; }

    /// <summary>Whether packs of which only a part is needed are rewritten.</summary>
    public bool RewritesSparse { get; init; }

    public Flaw Flaw { get; init; }

    public bool Has(Flaw flaw) => (Flaw & flaw) != 0;

    public int ProcessCount => Writers.Count + Collectors.Count + Forgets.Count + Holds.Count;
}

/// <summary>What is listed.</summary>
[Flags]
internal enum Lags
{
    None = 0,
    States = 1,
    Leases = 2,
    Packs = 4,
    Points = 8,
    Marks = 16,
    All = 31,
}

/// <summary>A backup: what it inherits from a parent by sharing its tree, and what it reads and deduplicates or stores.</summary>
/// <param name="Parent">Index of its parent point, or -1.</param>
/// <param name="Inherited">Chunks shared with the parent, as bits; without the parent they are read like the others.</param>
/// <param name="Own">Chunks read, as bits.</param>
internal sealed record WriterSpec(int Parent, int Inherited, int Own);

/// <summary>A collector on a machine of its own.</summary>
/// <param name="Runs">How many collections it makes, one after another.</param>
/// <param name="HasCounted">Whether its machine has counted the points that exist at first.</param>
internal sealed record CollectorSpec(int Runs, bool HasCounted);
