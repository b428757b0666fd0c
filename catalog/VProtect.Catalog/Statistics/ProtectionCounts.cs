namespace VProtect.Catalog.Statistics;

/// <summary>How many machines are protected; each is counted once.</summary>
/// <param name="Scheduled">In an active backup policy that an active schedule starts.</param>
/// <param name="NotScheduled">In backup policies, none of which starts by itself.</param>
/// <param name="NotProtected">In no backup policy.</param>
public sealed record ProtectionCounts(long Scheduled, long NotScheduled, long NotProtected);
