namespace VProtect.Mover.Upkeep;

/// <summary>What a check of a repository's metadata found.</summary>
public sealed record CheckResult
{
    /// <summary>Restore points of which every chunk was looked up.</summary>
    public required int RestorePoints { get; init; }

    /// <summary>Packs whose size and trailer were checked.</summary>
    public required int Packs { get; init; }

    /// <summary>Bytes in packs.</summary>
    public required long PackBytes { get; init; }

    /// <summary>Tree nodes read.</summary>
    public required long Nodes { get; init; }

    /// <summary>What is missing or damaged, in sentences; the first thousand.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What could not be read for a reason other than damage.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>Disks of restore points that cannot be restored whole.</summary>
    public required IReadOnlyList<AffectedPoint> Affected { get; init; }

    /// <summary>Objects that no restore point needs and no protocol expects; no damage.</summary>
    public required IReadOnlyList<Leftover> Leftovers { get; init; }

    /// <summary>Whether anything is damaged or missing.</summary>
    public bool HasDamage => Faults.Count + Affected.Count > 0;

    /// <summary>Whether everything that was to be read was read, and all of it is sound. Leftovers do not matter.</summary>
    public bool IsSound => !HasDamage && Unreadable.Count == 0;
}

/// <summary>An object that lies about.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record Leftover(string Key, LeftoverKind Kind, string Advice);

/// <summary>What lies about.</summary>
public enum LeftoverKind
{
    /// <summary>Nothing of ours.</summary>
    UnknownObject = 0,

    /// <summary>The lease of a writer that is gone.</summary>
    StaleLease = 1,

    /// <summary>The mark of a backup whose lease was broken.</summary>
    AbortedPoint = 2,

    /// <summary>A mark that something is forgotten or held which is not there.</summary>
    MarkOfNothing = 3,

    /// <summary>A mark of bad chunks in a pack that is not there.</summary>
    BadMarkOfNothing = 4,

    /// <summary>A pack without a valid trailer.</summary>
    UnusablePack = 5,

    /// <summary>The lease of a writer on another machine: at work, or gone.</summary>
    ForeignLease = 6,
}
