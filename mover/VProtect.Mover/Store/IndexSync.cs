using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>
/// Brings the chunk index up to what the repository holds: adds packs it does not know from their footers, drops those that
/// are gone or condemned. With an empty index this is the rebuild.
/// </summary>
public static class IndexSync
{
    /// <summary>Footers read at once.</summary>
    private const int ReadsMax = 8;

    /// <summary>Runs it.</summary>
    /// <param name="repository">What there is.</param>
    /// <param name="index">What is brought up to it.</param>
    /// <param name="progress">Told after every pack: done, of how many; may be null.</param>
    /// <param name="cancellationToken">Ends it; what was added stays.</param>
    /// <returns>What was done. Damaged packs are named, not thrown: their chunks count as unknown and are written again when seen.</returns>
    public static async Task<IndexSyncResult> SynchronizeAsync(
        Repository repository, IChunkIndex index, IProgress<(int Done, int Total)>? progress, CancellationToken cancellationToken)
    {
        CollectionRecord collection = await Lease.ReadCollectionAsync(repository, cancellationToken);
        var condemned = new HashSet<PackId>(collection.PackIds);
        var present = new HashSet<PackId>();
        var missing = new List<(PackId Id, long SizeBytes)>();
        await foreach (ObjectInfo item in repository.Store.ListAsync("packs/", cancellationToken))
        {
            if (PackFormat.TryParseKey(item.Key, out PackId id))
            {
                present.Add(id);
                if (!index.ContainsPack(id))
                {
                    missing.Add((id, item.SizeBytes));
                }
            }
        }

        int removed = 0;
        foreach (PackId known in index.Packs)
        {
            if (!present.Contains(known))
            {
                index.RemovePack(known);
                removed++;
            }
        }

        var damaged = new List<IntegrityException>();
        int done = 0;
        await Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = ReadsMax, CancellationToken = cancellationToken },
            async (pack, token) =>
            {
                try
                {
                    if (await repository.Packs.ReadFooterAsync(pack.Id, pack.SizeBytes, token) is { } footer)
                    {
                        index.AddPack(pack.Id, footer.ToIndexEntries());
                    }
                }
                catch (IntegrityException e)
                {
                    lock (damaged)
                    {
                        damaged.Add(e);
                    }
                }

                progress?.Report((Interlocked.Increment(ref done), missing.Count));
            });

        int added = missing.Count - damaged.Count;
        int unhealed = 0;
        using IChunkIndexSession session = index.OpenSession();
        foreach (string key in await repository.ListMarksAsync("bad/", cancellationToken))
        {
            try
            {
                BadChunksRecord? bad = await repository.ReadRecordAsync<BadChunksRecord>(EnvelopeKind.BadChunks, $"bad/{key}", cancellationToken);
                if (bad is not null && PackId.TryParse(bad.Pack, out PackId pack))
                {
                    foreach (string chunk in bad.Chunks)
                    {
                        var id = ChunkId.Parse(chunk);
                        index.Quarantine(id, pack);
                        unhealed += session.TryFind(id, out _) ? 0 : 1;
                    }
                }
            }
            catch (Exception e) when (e is IntegrityException or FormatException or ArgumentNullException)
            {
                // A mark only warns: a damaged one is told, and keeps nobody from backing up or restoring.
                damaged.Add(e as IntegrityException ?? new IntegrityException($"The object 'bad/{key}' names something that is no chunk.", inner: e));
            }
        }

        return new IndexSyncResult(present.Count, added, removed, condemned, damaged, unhealed);
    }
}

/// <summary>What a synchronization did.</summary>
/// <param name="Packs">Packs in the repository.</param>
/// <param name="Added">Packs that the index learned.</param>
/// <param name="Removed">Packs that the index forgot.</param>
/// <param name="Condemned">Packs that no new backup may build upon.</param>
/// <param name="UnhealedChunks">Chunks known to be bad that lie in no good place yet.</param>
/// <param name="Damaged">A fault for each pack whose table of contents cannot be used, and each mark of bad chunks that cannot be read.</param>
public sealed record IndexSyncResult(
    int Packs, int Added, int Removed, IReadOnlySet<PackId> Condemned, IReadOnlyList<IntegrityException> Damaged, int UnhealedChunks)
{
    /// <summary>Whether anything in the repository is known to be damaged and not written again since.</summary>
    public bool HasDamage => Damaged.Count > 0 || UnhealedChunks > 0;
}
