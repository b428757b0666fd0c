using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Collection;
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

    /// <summary>Packs from which the number of entries of all is estimated: ids are random, so the first in the list are a fair sample.</summary>
    private const int SamplePacks = 64;

    /// <summary>Runs it.</summary>
    /// <param name="repository">What there is.</param>
    /// <param name="index">What is brought up to it.</param>
    /// <param name="progress">Told after every pack: done, of how many; may be null.</param>
    /// <param name="cancellationToken">Ends it; what was added stays.</param>
    /// <returns>What was done. Damaged packs are named, not thrown: their chunks count as unknown and are written again when seen.</returns>
    public static async Task<IndexSyncResult> SynchronizeAsync(
        Repository repository, IChunkIndex index, IProgress<(int Done, int Total)>? progress, CancellationToken cancellationToken) =>
        await SynchronizeAsync(
            repository, index, await CollectionState.FindAsync(repository, cancellationToken), onPack: null, progress, cancellationToken);

    /// <summary>As above, by a state of collection that the caller has: a writer goes by that of its lease.</summary>
    /// <param name="repository">What there is.</param>
    /// <param name="index">What is brought up to it.</param>
    /// <param name="collection">Says what is condemned.</param>
    /// <param name="onPack">Told of each pack listed and its size in bytes; may be null.</param>
    /// <param name="progress">As above.</param>
    /// <param name="cancellationToken">As above.</param>
    internal static async Task<IndexSyncResult> SynchronizeAsync(
        Repository repository, IChunkIndex index, CollectionRecord collection, Action<PackId, long>? onPack,
        IProgress<(int Done, int Total)>? progress, CancellationToken cancellationToken)
    {
        var condemned = new HashSet<PackId>(collection.PackIds);
        var present = new HashSet<PackId>();
        var missing = new List<(PackId Id, long SizeBytes)>();
        await foreach (ObjectInfo item in repository.Store.ListAsync("packs/", cancellationToken))
        {
            if (PackFormat.TryParseKey(item.Key, out PackId id))
            {
                present.Add(id);
                onPack?.Invoke(id, item.SizeBytes);
                if (!index.ContainsPack(id))
                {
                    missing.Add((id, item.SizeBytes));
                }
            }
        }

        int removed = 0;
        foreach (PackId known in index.Packs)
        {
            // Where a listing may lag, what it leaves out may be there all the same: it is asked for by key.
            bool isGone = !present.Contains(known)
                && (repository.Store.Properties.ListIsConsistent
                    || await repository.Store.GetSizeAsync(PackFormat.Key(known), cancellationToken) is null);
            if (isGone)
            {
                index.RemovePack(known);
                removed++;
            }
        }

        var damaged = new List<IntegrityException>();
        int done = 0;
        int added = 0;
        long entries = 0;
        int sample = Math.Min(missing.Count, SamplePacks);
        await LearnAsync(missing[..sample]);
        if (sample < missing.Count)
        {
            // So that the index makes room once: otherwise it would do so over and over on the way.
            double entriesPerByte = entries / Math.Max(1.0, missing[..sample].Sum(static pack => (double)pack.SizeBytes));
            index.Reserve((long)(entriesPerByte * missing[sample..].Sum(static pack => (double)pack.SizeBytes)));
            await LearnAsync(missing[sample..]);
        }

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

        Task LearnAsync(List<(PackId Id, long SizeBytes)> packs) => Parallel.ForEachAsync(
            packs,
            new ParallelOptions { MaxDegreeOfParallelism = ReadsMax, TaskScheduler = TaskScheduler.Current, CancellationToken = cancellationToken },
            async (pack, token) =>
            {
                try
                {
                    if (await repository.Packs.ReadFooterAsync(pack.Id, pack.SizeBytes, token) is { } footer)
                    {
                        index.AddPack(pack.Id, footer.ToIndexEntries());
                        Interlocked.Increment(ref added);
                        Interlocked.Add(ref entries, footer.Entries.Count);
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
