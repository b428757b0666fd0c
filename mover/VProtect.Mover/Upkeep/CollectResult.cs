using VProtect.Abstractions;

namespace VProtect.Mover.Upkeep;

/// <summary>What a collection did.</summary>
public sealed record CollectResult
{
    /// <summary>Forgotten restore points that were removed.</summary>
    public int PointsRemoved { get; init; }

    /// <summary>Restore points whose references were counted for the first time by this ledger.</summary>
    public int RestorePointsCounted { get; init; }

    /// <summary>Tree nodes read for counting.</summary>
    public long NodesRead { get; init; }

    /// <summary>Leases of writers that are gone, or that were broken as asked.</summary>
    public int LeasesBroken { get; init; }

    /// <summary>Packs whose tables of contents were read, to see what in them is needed.</summary>
    public long PacksLookedAt { get; init; }

    /// <summary>Packs removed.</summary>
    public int PacksRemoved { get; init; }

    /// <summary>Bytes freed.</summary>
    public long FreedBytes { get; init; }

    /// <summary>Packs that a later collection removes, when no older writer is at work then.</summary>
    public int PacksCondemned { get; init; }

    /// <summary>Bytes of those.</summary>
    public long CondemnedBytes { get; init; }

    /// <summary>Bytes that were copied out of sparsely used packs.</summary>
    public long RewrittenBytes { get; init; }

    /// <summary>Whether copying ended early because the store is full: what was removed is removed, the rest waits for the next run.</summary>
    public bool IsRewritingCutShort { get; init; }

    /// <summary>Whether a running writer delays the removal.</summary>
    public bool IsHeldBackByWriter { get; init; }

    /// <summary>Whether another collector was faster: then what this one condemned or rewrote counts for nothing, which harms nothing.</summary>
    public bool IsOvertaken { get; init; }

    /// <summary>Packs that were left as they are because they are damaged, and leases that cannot be read.</summary>
    public IReadOnlyList<IntegrityException> Damage { get; init; } = [];
}
