namespace VProtect.Mover.Upkeep;

/// <summary>What a verification found.</summary>
public sealed record VerifyResult
{
    /// <summary>How deep it looked.</summary>
    public required VerifyLevel Level { get; init; }

    /// <summary>Packs read.</summary>
    public required int Packs { get; init; }

    /// <summary>Packs in the repository.</summary>
    public required int PacksTotal { get; init; }

    /// <summary>Packs that the interrupted verification this one goes on with had read.</summary>
    public required int PacksDoneBefore { get; init; }

    /// <summary>Restore points of which every chunk was looked up; 0 when only some packs were read and nothing is damaged there.</summary>
    public required int RestorePoints { get; init; }

    /// <summary>Bytes read and checked.</summary>
    public required long CheckedBytes { get; init; }

    /// <summary>Records that are damaged, each read twice.</summary>
    public required IReadOnlyList<DamagedChunk> DamagedChunks { get; init; }

    /// <summary>Everything else that is missing or damaged, in sentences; the first thousand.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What could not be read for a reason other than damage.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>Disks of restore points that cannot be restored whole.</summary>
    public required IReadOnlyList<AffectedPoint> Affected { get; init; }

    /// <summary>
    /// Whether anything is damaged or missing. A damaged chunk of which another copy is good counts when it is found, so that somebody
    /// looks after the disk; once it is known it does not.
    /// </summary>
    public bool HasDamage => Faults.Count + Affected.Count > 0 || DamagedChunks.Any(chunk => !chunk.IsSettled);

    /// <summary>Whether everything that was to be read was read, and all of it is sound.</summary>
    public bool IsSound => !HasDamage && Unreadable.Count == 0;
}
