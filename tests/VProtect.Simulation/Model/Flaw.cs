namespace VProtect.Simulation.Model;

/// <summary>What can be broken on purpose in the protocol of FORMAT.md section 7; each must be found out.</summary>
[Flags]
public enum Flaw
{
    /// <summary>The protocol as it is written.</summary>
    None = 0,

    /// <summary>Writers take no lease.</summary>
    NoLease = 1 << 0,

    /// <summary>A writer does not look again after it has taken its lease.</summary>
    NoCheckAfterLease = 1 << 1,

    /// <summary>A writer looks for its own state first and for the next one then, and does not list again.</summary>
    CheckInWrongOrder = 1 << 2,

    /// <summary>No listing of states comes last, neither for writers nor for collectors.</summary>
    NoListingLast = 1 << 3,

    /// <summary>A collector finds leases by listing.</summary>
    LeasesByListing = 1 << 4,

    /// <summary>A pack is swept as soon as no lease is older than the collection that condemned it, or as old.</summary>
    SweepAtSameGeneration = 1 << 5,

    /// <summary>A writer commits before its pack is durable.</summary>
    CommitBeforePack = 1 << 6,

    /// <summary>A writer uses its parent without looking for a forgotten mark.</summary>
    PinNotChecked = 1 << 7,

    /// <summary>A collector lists forgotten marks after it has read leases.</summary>
    ForgottenAfterLeases = 1 << 8,

    /// <summary>A writer deduplicates against condemned packs.</summary>
    DedupAgainstCondemned = 1 << 9,

    /// <summary>Holds are found by listing, before anything else.</summary>
    HoldsByListing = 1 << 10,

    /// <summary>A lease is deleted when it ends, so its slot is free again.</summary>
    SlotsDeletedAtEnd = 1 << 11,

    /// <summary>Points are found by listing alone.</summary>
    PointsByListing = 1 << 12,

    /// <summary>A counted point that a listing does not show counts as removed.</summary>
    RemovalByListing = 1 << 13,

    /// <summary>Leases are cleaned when they have ended and are older than R generations, however late they ended.</summary>
    LeaseCleanedAtEnd = 1 << 14,

    /// <summary>A condemned pack that is needed is no longer condemned.</summary>
    Uncondemn = 1 << 15,

    /// <summary>A swept pack is at once no longer in the state.</summary>
    SweptForgotten = 1 << 16,

    /// <summary>Whoever holds a point does not look for a forgotten mark afterwards.</summary>
    HoldNotChecked = 1 << 17,

    /// <summary>A broken lease is ended, but no aborted point is created.</summary>
    BreakWithoutAbort = 1 << 18,

    /// <summary>A removed point's mark goes before the point.</summary>
    MarkRemovedFirst = 1 << 19,
}
