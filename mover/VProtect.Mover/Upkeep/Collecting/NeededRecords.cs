using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>Reads tables of contents and says which records of a pack are needed.</summary>
internal sealed class NeededRecords(ChunkStore chunks, CountedReferences references, PackPlan plan, CollectTally tally)
{
    /// <summary>Tables of contents read at once: 64 bytes a record, some 64 KiB for a pack of 64 MiB.</summary>
    private const int ReadsMax = 8;

    /// <summary>Reads the tables of contents of many packs, several at once.</summary>
    /// <param name="packs">Which; sizes of packs that are not listed are asked for by key.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public IAsyncEnumerable<(PackId Pack, PackContents Contents)> ReadAsync(IReadOnlyList<PackId> packs, CancellationToken cancellationToken) =>
        ReadAhead.RunAsync(packs, ReadsMax, ReadAsync, cancellationToken);

    /// <summary>
    /// Records that something refers to and that lie nowhere else for sure. A record is not needed only when the index, in which no
    /// condemned pack is, answers with another pack that stays; in any doubt it is.
    /// </summary>
    public List<PackFooterEntry> Of(PackFooter footer)
    {
        bool isOfNodes = footer.Header.Kind == PackKind.Nodes;
        List<PackFooterEntry> counted =
            [.. footer.Entries.Where(entry => (isOfNodes ? references.CountOfNode(entry.Record.Id) : references.CountOf(entry.Record.Id)) > 0)];
        ChunkId[] ids = [.. counted.Select(entry => entry.Record.Id)];
        var places = new ChunkLocation[ids.Length];
        bool[] found = new bool[ids.Length];
        using IChunkIndexSession session = chunks.Index.OpenSession();
        session.FindMany(ids, places, found);
        var needed = new List<PackFooterEntry>(counted.Count);
        for (int i = 0; i < ids.Length; i++)
        {
            bool isElsewhere = found[i] && places[i].Pack != footer.Header.Pack && plan.Stays(places[i].Pack);
            if (!isElsewhere)
            {
                needed.Add(counted[i]);
            }
        }

        return needed;
    }

    /// <summary>Bytes that a pack would have with its needed records alone; 0 when there are none.</summary>
    public static long BytesOf(PackFooter footer, IReadOnlyCollection<PackFooterEntry> needed)
    {
        static long Sum(IEnumerable<PackFooterEntry> entries) => entries.Sum(entry => entry.Record.RecordBytes + PackFormat.EntryBytes);
        return needed.Count == 0 ? 0 : footer.PackBytes - (Sum(footer.Entries) - Sum(needed));
    }

    private async Task<PackContents> ReadAsync(PackId pack, CancellationToken cancellationToken)
    {
        long? size = plan.Sizes.TryGetValue(pack, out long listed)
            ? listed
            : await chunks.Repository.Store.GetSizeAsync(PackFormat.Key(pack), cancellationToken);
        if (size is null)
        {
            return new PackContents(0, Footer: null, Fault: null);
        }

        try
        {
            PackFooter? footer = await chunks.Repository.Packs.ReadFooterAsync(pack, size.Value, cancellationToken);
            tally.CountLook();
            return new PackContents(size.Value, footer, Fault: null);
        }
        catch (IntegrityException e)
        {
            return new PackContents(size.Value, Footer: null, e);
        }
    }
}

/// <summary>What was found of a pack: its table of contents, or what is wrong with it, or neither when it is gone.</summary>
internal sealed record PackContents(long SizeBytes, PackFooter? Footer, IntegrityException? Fault)
{
    public bool IsGone => Footer is null && Fault is null;
}
