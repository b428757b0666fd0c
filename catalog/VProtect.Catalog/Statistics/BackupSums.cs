namespace VProtect.Catalog.Statistics;

/// <summary>Some restore points added up.</summary>
/// <param name="Points">How many.</param>
/// <param name="SizeBytes">What they show, bytes.</param>
/// <param name="ChangedBytes">Read for them from their sources, bytes.</param>
/// <param name="StoredBytes">Stored for them, bytes.</param>
public sealed record BackupSums(long Points, long SizeBytes, long ChangedBytes, long StoredBytes);
