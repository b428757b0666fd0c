using VProtect.Mover.Seal.Keys;

namespace VProtect.Simulation.Running;

/// <summary>One run: the same options give the same run.</summary>
internal sealed record SimulationOptions
{
    public required int Seed { get; init; }

    /// <summary>Calls of the store to complete.</summary>
    public required long Steps { get; init; }

    /// <summary>Calls between two moments at which everything comes to rest and is checked whole.</summary>
    public long RoundSteps { get; init; } = 4000;

    /// <summary>What opens an encrypted repository; null for one that is not.</summary>
    public Secret? Secret { get; init; }

    /// <summary>How the store lies.</summary>
    public StoreLie Lie { get; init; }
}

/// <summary>Promises of the store, or of those who write to it, that can be broken on purpose; each must be found out.</summary>
public enum StoreLie
{
    None,

    /// <summary>Leases are acknowledged and not stored.</summary>
    LeasesVanish,

    /// <summary>One pack in eight is acknowledged and not stored.</summary>
    PacksVanish,

    /// <summary>Leases are read by key as if they were not there, every other time.</summary>
    LeasesUnseen,

    /// <summary>Restore points are read by key as if they were not there, every other time.</summary>
    PointsUnseen,

    /// <summary>Restore points are acknowledged and not stored, every other time.</summary>
    PointsVanish,
}

/// <summary>What a run did.</summary>
/// <param name="Steps">Calls completed.</param>
/// <param name="TraceHash">Hash of every call in its order, with its answer.</param>
/// <param name="Violation">What was wrong first, or null.</param>
/// <param name="Counts">How often what happened.</param>
internal sealed record SimulationResult(long Steps, ulong TraceHash, string? Violation, IReadOnlyDictionary<string, long> Counts);
