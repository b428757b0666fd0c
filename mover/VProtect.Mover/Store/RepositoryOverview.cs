using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>What a repository holds and how it fares, at about one moment: read from its small objects and a listing of its packs.</summary>
public sealed record RepositoryOverview
{
    /// <summary>Version of the format (mover/FORMAT.md).</summary>
    public const int FormatVersion = 1;

    /// <summary>Restore points that are wanted.</summary>
    public required IReadOnlyList<RestorePoint> Points { get; init; }

    /// <summary>Those that are forgotten and not collected yet.</summary>
    public required IReadOnlyList<ForgottenPoint> Forgotten { get; init; }

    /// <summary>Holds, by restore point.</summary>
    public required IReadOnlyDictionary<string, PointHold> Holds { get; init; }

    /// <summary>Keys that open it; none when it is not encrypted.</summary>
    public required IReadOnlyList<KeySlotInfo> Keys { get; init; }

    /// <summary>Writers whose lease has not ended.</summary>
    public required IReadOnlyList<WriterInfo> Writers { get; init; }

    /// <summary>Features that a program must know, of all classes.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>Packs.</summary>
    public required long Packs { get; init; }

    /// <summary>Bytes of all packs.</summary>
    public required long PackedBytes { get; init; }

    /// <summary>Packs that the next collection removes when no older writer is at work.</summary>
    public required long CondemnedPacks { get; init; }

    /// <summary>Bytes of those.</summary>
    public required long CondemnedBytes { get; init; }

    /// <summary>Collections that changed something, so far.</summary>
    public required long Generation { get; init; }

    /// <summary>Space of the store; null when it has no end.</summary>
    public required StoreSpace? Space { get; init; }

    /// <summary>Bytes of all disks of all wanted restore points, as if each were whole.</summary>
    public long LogicalBytes => Points.Sum(point => point.MachineDisks.Sum(disk => disk.SizeBytes));

    /// <summary>By how much compression made chunks smaller, from what restore points say; 1 when they say nothing.</summary>
    public double CompressionRatio => Sum(disk => disk.StoredBytes) is > 0 and long stored ? Sum(disk => disk.NewBytes) / (double)stored : 1;

    /// <summary>Plain bytes of the chunks in packs that are not condemned: estimated with <see cref="CompressionRatio"/>, since packs are not read.</summary>
    public long UniqueBytes => (long)((PackedBytes - CondemnedBytes) * CompressionRatio);

    /// <summary>Reads it.</summary>
    /// <exception cref="VProtectException">The store failed, or a restore point is damaged.</exception>
    public static async Task<RepositoryOverview> ReadAsync(Repository repository, CancellationToken cancellationToken)
    {
        CollectionRecord collection = await CollectionState.FindAsync(repository, cancellationToken);
        HashSet<PackId> condemned = [.. collection.PackIds];
        (long packs, long packedBytes, long condemnedPacks, long condemnedBytes) = (0, 0, 0, 0);
        await foreach (ObjectInfo item in repository.Store.ListAsync("packs/", cancellationToken))
        {
            packs++;
            packedBytes += item.SizeBytes;
            if (PackFormat.TryParseKey(item.Key, out PackId id) && condemned.Contains(id))
            {
                condemnedPacks++;
                condemnedBytes += item.SizeBytes;
            }
        }

        RepositoryFeatures features = repository.Header.Features;
        return new RepositoryOverview
        {
            Points = await repository.ListPointsAsync(cancellationToken),
            Forgotten = await repository.ListForgottenAsync(cancellationToken),
            Holds = await repository.ListHoldsAsync(cancellationToken),
            Keys = await repository.ListKeysAsync(cancellationToken),
            Writers = await WriterInfo.ListAsync(repository, cancellationToken),
            Features = [.. features.Read.Concat(features.Write).Concat(features.Collect).Distinct(StringComparer.Ordinal)],
            Packs = packs,
            PackedBytes = packedBytes,
            CondemnedPacks = condemnedPacks,
            CondemnedBytes = condemnedBytes,
            Generation = collection.Generation,
            Space = await repository.Store.GetSpaceAsync(cancellationToken),
        };
    }

    private long Sum(Func<RestorePointDisk, long> of) =>
        Points.Concat(Forgotten.Select(forgotten => forgotten.Point)).Sum(point => point.Disks.Sum(of));
}
