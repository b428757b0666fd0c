namespace VProtect.Mover.Upkeep;

/// <summary>How to collect.</summary>
public sealed record CollectOptions
{
    /// <summary>Packs of which less than this part is needed are rewritten; 0 rewrites none. Default 0.5.</summary>
    public double RewriteBelow { get; init; } = 0.5;

    /// <summary>
    /// Bytes that one run copies out of such packs at most, those with the least left first; the rest waits for the next run.
    /// Default 8 GiB.
    /// </summary>
    public long RewriteBytesMax { get; init; } = 8L << 30;

    /// <summary>Whether to break all leases, of writers on other machines too: their backups will fail. Default false.</summary>
    public bool BreakLeases { get; init; }
}

/// <summary>How far a collection is.</summary>
/// <param name="Step">What goes on, in a few words.</param>
/// <param name="Done">How much of the step is done.</param>
/// <param name="Total">Out of how much; 0 when that is not known.</param>
/// <param name="Unit">What is counted, in the plural; null when nothing is.</param>
public readonly record struct CollectProgress(string Step, long Done, long Total, string? Unit);
