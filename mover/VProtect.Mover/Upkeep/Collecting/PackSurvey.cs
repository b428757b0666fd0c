using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Step (5) of a collector: looks at packs that are new to the ledger or that have lost something, notes how much of them is
/// needed, and condemns those of which nothing is.
/// </summary>
/// <param name="chunks">The repository and its index.</param>
/// <param name="plan">What becomes of packs.</param>
/// <param name="needed">Says what is needed.</param>
/// <param name="marks">Chunks known to be bad.</param>
/// <param name="references">The counts.</param>
/// <param name="oldestLease">The oldest generation that a writer at work goes by.</param>
/// <param name="tally">What was done.</param>
internal sealed class PackSurvey(
    ChunkStore chunks, PackPlan plan, NeededRecords needed, BadMarks marks, CountedReferences references, long oldestLease,
    CollectTally tally)
{
    /// <summary>Looks after which they are made durable, so that a first run that is interrupted goes on where it was.</summary>
    private const int LooksPerCommit = 8192;

    /// <summary>
    /// Besides what must be looked at, as many packs more, within these bounds: what a pack held when it was last looked at may have come to lie
    /// elsewhere too, or its table of contents may have been damaged since, and nothing would ever tell.
    /// </summary>
    private const int OthersMin = 4;
    private const int OthersMax = 64;

    /// <summary>Packs whose table of contents is damaged and of which the index knows nothing.</summary>
    public List<PackId> Unreadable { get; } = [];

    /// <summary>Looks and condemns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (PackId gone in references.Packs.Keys.Where(pack => !plan.Stays(pack)).ToList())
        {
            references.RemovePack(gone);
        }

        // What a pack held when it was last looked at is never acted upon: a chunk that lay elsewhere too may lie here alone now.
        List<PackId> looks = [.. plan.Sizes.Keys.Where(pack => plan.Stays(pack) && MustLook(pack))];
        looks.AddRange(SomeOthers(Math.Clamp(looks.Count, OthersMin, OthersMax)));
        tally.Begin("looking at packs", looks.Count, "packs");
        int count = 0;
        await foreach ((PackId pack, PackContents contents) in needed.ReadAsync(looks, cancellationToken))
        {
            await NoteAsync(pack, contents, cancellationToken);
            tally.Advance();
            if (++count % LooksPerCommit == 0)
            {
                await references.CommitAsync(cancellationToken);
            }
        }

        await references.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// Condemns a pack, and takes it out of the index at once: what this run says of other packs must not rest on it. To be looked
    /// at again until the state of collection says so too.
    /// </summary>
    public void Condemn(PackId pack)
    {
        references.SetPack(pack, new PackUse(plan.Sizes[pack], NeededBytes: 0, MustLook: true));
        if (!plan.IsFull)
        {
            plan.Condemn(pack);
            chunks.Index.RemovePack(pack);
        }
    }

    /// <summary>Whether a pack may be one of a writer at work, whose restore point is still to come.</summary>
    public bool IsOfWriterAtWork(PackFooter footer) => footer.Header.Generation >= oldestLease;

    /// <summary>The next ones after a random place in the order of ids, so that in the course of many runs each has its turn.</summary>
    private List<PackId> SomeOthers(int count)
    {
        var from = PackId.NewRandom();
        List<PackId> others = [.. plan.Sizes.Keys.Where(pack => plan.Stays(pack) && !MustLook(pack))];
        others.Sort();
        int first = others.BinarySearch(from);
        first = first < 0 ? ~first : first;
        return [.. Enumerable.Range(first, Math.Min(count, others.Count)).Select(i => others[i % others.Count])];
    }

    private bool MustLook(PackId pack) =>
        !references.Packs.TryGetValue(pack, out PackUse use) || use.MustLook || use.NeededBytes == 0 || marks.Has(pack);

    private async Task NoteAsync(PackId pack, PackContents contents, CancellationToken cancellationToken)
    {
        if (contents.IsGone)
        {
            plan.Sizes.Remove(pack);
            references.RemovePack(pack);
        }
        else if (contents.Footer is not { } footer)
        {
            tally.Damage.Add(contents.Fault!);
            if (!chunks.Index.ContainsPack(pack))
            {
                Unreadable.Add(pack);
            }
        }
        else
        {
            if (!chunks.Index.ContainsPack(pack))
            {
                // Written since the index was brought up to date, or taken out of it by a run that did not come to its end.
                chunks.Index.AddPack(pack, footer.ToIndexEntries());
                await marks.QuarantineAsync(chunks.Index, pack, cancellationToken);
            }

            long neededBytes = NeededRecords.BytesOf(footer, needed.Of(footer));
            if (neededBytes == 0 && IsOfWriterAtWork(footer))
            {
                tally.IsHeldBackByWriter = true;
                references.SetPack(pack, new PackUse(contents.SizeBytes, neededBytes, MustLook: true));
            }
            else if (neededBytes == 0)
            {
                Condemn(pack);
            }
            else
            {
                references.SetPack(pack, new PackUse(contents.SizeBytes, neededBytes, MustLook: false));
            }
        }
    }
}
