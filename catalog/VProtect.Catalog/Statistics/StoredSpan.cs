namespace VProtect.Catalog.Statistics;

/// <summary>What was stored since a time.</summary>
/// <param name="Bytes">How much, bytes.</param>
/// <param name="Since">When the first of it was asked for.</param>
public sealed record StoredSpan(long Bytes, DateTimeOffset Since);
