using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Step (4) of a collector: removes packs condemned long enough ago, each after an exact look whether something in it is needed
/// after all. Writes nothing, so it works on a store that is full.
/// </summary>
internal sealed class PackSweep(
    ChunkStore chunks, PackPlan plan, NeededRecords needed, BadMarks marks, CountedReferences references, CollectTally tally)
{
    /// <summary>Packs that could be removed but for the fact that nobody can tell what is in them.</summary>
    public List<PackId> Unreadable { get; } = [];

    /// <summary>Packs that could be removed but for something in them that is needed and lies nowhere else.</summary>
    public List<PackId> Kept { get; } = [];

    /// <summary>Removes what it may.</summary>
    /// <param name="oldestLease">The oldest generation that a writer at work goes by.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(long oldestLease, CancellationToken cancellationToken)
    {
        List<PackId> due = [.. plan.Condemned.Where(pack => pack.Value <= oldestLease).Select(pack => pack.Key)];
        tally.Begin("removing packs", due.Count, "packs");
        await foreach ((PackId pack, PackContents contents) in needed.ReadAsync(due, cancellationToken))
        {
            if (contents.Fault is not null)
            {
                Unreadable.Add(pack);
            }
            else if (contents.Footer is { } footer && needed.Of(footer).Count > 0)
            {
                // A writer older than the verdict built upon it. It stays condemned, since another collector may be about to remove it as
                // one that found all of it elsewhere; what is needed is copied out of it. Meanwhile the index finds it for readers.
                Kept.Add(pack);
                chunks.Index.AddPack(pack, footer.ToIndexEntries());
                await marks.QuarantineAsync(chunks.Index, pack, cancellationToken);
            }
            else
            {
                await RemoveAsync(pack, contents.SizeBytes, cancellationToken);
            }

            tally.Advance();
        }

        // What was marked after its pack had gone.
        foreach (PackId pack in plan.Gone)
        {
            await marks.RemoveAsync(pack, cancellationToken);
        }
    }

    /// <summary>Removes those that cannot be read, once it is known that nothing is missing that may lie in them.</summary>
    public async Task RemoveUnreadableAsync(CancellationToken cancellationToken)
    {
        foreach (PackId pack in Unreadable)
        {
            await RemoveAsync(pack, plan.Sizes.GetValueOrDefault(pack), cancellationToken);
        }
    }

    private async Task RemoveAsync(PackId pack, long sizeBytes, CancellationToken cancellationToken)
    {
        if (await chunks.Repository.Store.DeleteAsync(PackFormat.Key(pack), cancellationToken))
        {
            tally.PacksRemoved++;
            tally.FreedBytes += sizeBytes;
        }

        plan.NoteGone(pack);
        references.RemovePack(pack);
        await marks.RemoveAsync(pack, cancellationToken);
    }
}
