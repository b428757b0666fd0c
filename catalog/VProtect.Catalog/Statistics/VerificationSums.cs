namespace VProtect.Catalog.Statistics;

/// <summary>What is known of the good restore points.</summary>
/// <param name="Good">Those that were found whole.</param>
/// <param name="NotVerified">Those that were not looked at.</param>
/// <param name="Damaged">Those that were found damaged.</param>
/// <param name="LastVerifiedAt">When one was last looked at.</param>
/// <param name="LastRestoredAt">When a restore last succeeded, of those whose tasks are kept.</param>
public sealed record VerificationSums(long Good, long NotVerified, long Damaged, DateTimeOffset? LastVerifiedAt, DateTimeOffset? LastRestoredAt);
