namespace VProtect.Catalog.Tasks;

/// <summary>How far a running task is.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Percent">0 to 100.</param>
/// <param name="BytesDone">Moved, bytes.</param>
/// <param name="BytesTotal">To be moved, bytes; null unknown.</param>
/// <param name="RateBytes">Bytes per second of late.</param>
public sealed record TaskProgress(string Stage, int Percent, long BytesDone, long? BytesTotal, long RateBytes);
