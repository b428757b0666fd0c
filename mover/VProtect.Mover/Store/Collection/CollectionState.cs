using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store.Collection;

/// <summary>
/// The states of collection, <c>gc/1</c>, <c>gc/2</c> … (FORMAT.md section 7): found so that no lagging listing can pass off an
/// old one as the newest, and removed in ascending order, since who looks relies on that.
/// </summary>
internal static class CollectionState
{
    /// <summary>Generations by which a listing may lag: so many older states and leases are kept (<c>R</c>).</summary>
    public const long LagMax = 16;

    /// <summary>Key of a generation's state.</summary>
    public static string KeyOf(long generation) => $"gc/{generation.ToString("x16", CultureInfo.InvariantCulture)}";

    /// <summary>The newest state; generation 0 when there was none yet.</summary>
    public static async Task<CollectionRecord> FindAsync(Repository repository, CancellationToken cancellationToken)
    {
        while (true)
        {
            List<long> listed = await ListAsync(repository, cancellationToken);
            long generation = listed.Count == 0 ? 0 : listed[^1];
            while (await ExistsAsync(repository, generation + 1, cancellationToken))
            {
                generation++;
            }

            if (generation == 0)
            {
                return new CollectionRecord(0, []);
            }

            // Null when the listing was stale: the state has been removed since, and its successors with it. The first is never removed,
            // and a collector that was suspended for long may have created an old one anew: so a listing has the last word.
            CollectionRecord? record = await ReadAsync(repository, generation, cancellationToken);
            if (record is not null && await IsHighestListedAsync(repository, generation, cancellationToken))
            {
                return record;
            }
        }
    }

    /// <summary>
    /// Whether a generation, once found to be the highest, is so still: its successor is not there, then it is itself (while it is, its
    /// successor has not been removed, so has never been), then no listing shows a higher one (which tells of a successor removed long ago
    /// from behind the first, which stays for ever, or from behind one that was created anew).
    /// </summary>
    public static async Task<bool> IsNewestAsync(Repository repository, long generation, CancellationToken cancellationToken) =>
        !await ExistsAsync(repository, generation + 1, cancellationToken)
        && (generation == 0 || await ExistsAsync(repository, generation, cancellationToken))
        && await IsHighestListedAsync(repository, generation, cancellationToken);

    /// <summary>Creates the state that follows. False when another collector was faster.</summary>
    public static Task<bool> CreateAsync(Repository repository, CollectionRecord record, CancellationToken cancellationToken) =>
        repository.CreateAsync(
            KeyOf(record.Generation), Envelope.Clear(EnvelopeKind.Collection, RecordJson.Write(record)), cancellationToken);

    /// <summary>Removes states that nobody can take for the newest any more, the oldest first.</summary>
    /// <param name="repository">Where.</param>
    /// <param name="newest">The newest generation; it and <see cref="LagMax"/> before it stay, and the first.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RemoveOldAsync(Repository repository, long newest, CancellationToken cancellationToken)
    {
        List<long> listed = await ListAsync(repository, cancellationToken);
        long oldest = listed.Find(generation => generation > 1);

        // By number, not as listed: one that the listing left out must not stay behind a later one.
        for (long generation = oldest; oldest > 1 && generation < newest - LagMax; generation++)
        {
            await repository.Store.DeleteAsync(KeyOf(generation), cancellationToken);
        }
    }

    private static async Task<CollectionRecord?> ReadAsync(Repository repository, long generation, CancellationToken cancellationToken)
    {
        string key = KeyOf(generation);
        CollectionRecord? record = await repository.ReadRecordAsync<CollectionRecord>(EnvelopeKind.Collection, key, cancellationToken);
        if (record is not null && record.Generation != generation)
        {
            throw new IntegrityException($"The object '{key}' holds the state of generation {record.Generation}.");
        }

        var packs = new HashSet<PackId>();
        return record is null || record.Condemned.All(pack => PackId.TryParse(pack?.Pack, out PackId id) && packs.Add(id))
            ? record
            : throw new IntegrityException($"The object '{key}' names something twice or that is no pack.");
    }

    private static async Task<bool> IsHighestListedAsync(Repository repository, long generation, CancellationToken cancellationToken) =>
        (await ListAsync(repository, cancellationToken)).All(listed => listed <= generation);

    private static async Task<bool> ExistsAsync(Repository repository, long generation, CancellationToken cancellationToken) =>
        await repository.Store.GetSizeAsync(KeyOf(generation), cancellationToken) is not null;

    /// <summary>Generations listed, ascending.</summary>
    private static async Task<List<long>> ListAsync(Repository repository, CancellationToken cancellationToken)
    {
        var generations = new List<long>();
        await foreach (ObjectInfo item in repository.Store.ListAsync("gc/", cancellationToken))
        {
            if (item.Key.Length == KeyOf(0).Length
                && long.TryParse(item.Key.AsSpan("gc/".Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long generation)
                && generation > 0)
            {
                generations.Add(generation);
            }
        }

        generations.Sort();
        return generations;
    }
}
