using VProtect.Mover.Upkeep;

namespace VProtect.Appliance.Cli;

// The documents of --json that tell of damage. Members are only ever added: scripts read them.

internal sealed record VerifyDocument(
    string Repository, bool Sound, int Packs, int RestorePoints, long CheckedBytes, long DurationMs,
    IReadOnlyList<AffectedDocument> Affected, IReadOnlyList<DamagedChunkDocument> DamagedChunks, IReadOnlyList<string> Faults,
    IReadOnlyList<string> Unreadable, string Level, int PacksTotal, long BytesAtStake)
{
    public static VerifyDocument Of(string repository, VerifyResult result, TimeSpan duration) => new(
        repository, result.IsSound, result.Packs, result.RestorePoints, result.CheckedBytes, (long)duration.TotalMilliseconds,
        [.. result.Affected.Select(AffectedDocument.Of)],
        [.. result.DamagedChunks.Select(chunk => new DamagedChunkDocument(
            chunk.Id.ToString(), chunk.Pack.ToString(), chunk.OffsetBytes, chunk.Fault, chunk.PlainBytes, chunk.HealedBy?.ToString(), chunk.WasKnown))],
        result.Faults, result.Unreadable, result.Level == VerifyLevel.Full ? "full" : "fast", result.PacksTotal,
        result.Affected.Sum(point => point.DamagedBytes));
}

internal sealed record CheckDocument(
    string Repository, bool Sound, int RestorePoints, int Packs, long PackBytes, long Nodes, long DurationMs,
    IReadOnlyList<AffectedDocument> Affected, long BytesAtStake, IReadOnlyList<string> Faults, IReadOnlyList<string> Unreadable,
    IReadOnlyList<LeftoverDocument> Leftovers)
{
    public static CheckDocument Of(string repository, CheckResult result, TimeSpan duration) => new(
        repository, result.IsSound, result.RestorePoints, result.Packs, result.PackBytes, result.Nodes, (long)duration.TotalMilliseconds,
        [.. result.Affected.Select(AffectedDocument.Of)], result.Affected.Sum(point => point.DamagedBytes), result.Faults, result.Unreadable,
        [.. result.Leftovers.Select(leftover => new LeftoverDocument(leftover.Key, DamageText.Of(leftover.Kind), leftover.Advice))]);
}

internal sealed record AffectedDocument(
    string Id, string Machine, long Sequence, DateTimeOffset CreatedAt, string Disk, long DamagedBytes, IReadOnlyList<ByteRangeDocument> Ranges,
    bool HasMoreRanges)
{
    public static AffectedDocument Of(AffectedPoint point) => new(
        point.Id, point.Machine, point.Sequence, point.CreatedAt, point.Disk, point.DamagedBytes,
        [.. point.Ranges.Select(range => new ByteRangeDocument(range.OffsetBytes, range.LengthBytes))], point.HasMoreRanges);
}

internal sealed record ByteRangeDocument(long OffsetBytes, long LengthBytes);

internal sealed record DamagedChunkDocument(
    string Id, string Pack, long OffsetBytes, string Fault, long PlainBytes, string? HealedBy, bool WasKnown);

internal sealed record LeftoverDocument(string Key, string Kind, string Advice);
