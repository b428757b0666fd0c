using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Upkeep.Collecting;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Collection of what no restore point needs, beside any number of writers. The protocol, and why it is safe, is FORMAT.md
/// section 7; the numbers below are its steps.
/// <code>
///  (1) state ──► (2) leases ──► forgotten points ──► (3) counts ──► (4) sweep ──► (5) look, condemn ──► rewrite ──► (6) next state
///                     break the dead   remove       changed nodes   footers, delete   footers        copy         the one commit
/// </code>
/// The cost follows change: nodes that came or went, packs that are new or have lost something, and a listing of all objects.
/// Nothing is written before (5) but the ends of dead writers, so a full store is emptied all the same.
/// Memory: about 150 bytes for each pack of the repository, with the ledger's own note of it; a few MiB for the rest.
/// One instance runs once at a time.
/// </summary>
/// <param name="chunks">The repository and its index; condemned packs are taken out of the index.</param>
/// <param name="ledger">
/// The counts of this repository; the caller's. After a failure it should be closed and opened again, which brings it back to its
/// last commit; when it is not, the next run makes it anew.
/// </param>
/// <param name="options">How to collect.</param>
public sealed class GarbageCollector(ChunkStore chunks, IReferenceLedger ledger, CollectOptions options)
{
    /// <summary>Leases of one generation that have ended, beyond which a new generation is made only to be rid of them.</summary>
    private const int EndedLeasesMax = 64;

    private readonly Repository _repository = chunks.Repository;

    /// <summary>Collects once.</summary>
    /// <param name="progress">Told what goes on, from the thread that does it; may be null.</param>
    /// <param name="cancellationToken">Ends it at any instant; what was done stays done, the rest is for the next time.</param>
    /// <returns>What was freed and what will be.</returns>
    /// <exception cref="IntegrityException">A restore point is damaged: then no pack is removed, since what it needs is not known. It is named.</exception>
    /// <exception cref="VProtectException">The store or the ledger failed.</exception>
    public async Task<CollectResult> RunAsync(IProgress<CollectProgress>? progress, CancellationToken cancellationToken)
    {
        var tally = new CollectTally(progress);
        var references = new CountedReferences(ledger);
        if (references.IsUnfinished)
        {
            await references.ClearAsync(cancellationToken);
        }

        try
        {
            return await CollectAsync(references, tally, cancellationToken);
        }
        catch (RecountException)
        {
            await references.ClearAsync(cancellationToken);
        }

        try
        {
            return await CollectAsync(references, tally, cancellationToken);
        }
        catch (RecountException e)
        {
            throw e.Cause;
        }
    }

    private async Task<CollectResult> CollectAsync(CountedReferences references, CollectTally tally, CancellationToken cancellationToken)
    {
        // :: 1. State.
        tally.Begin("reading the repository");
        CollectionRecord state = await CollectionState.FindAsync(_repository, cancellationToken);
        // Packs are listed before leases are read: one that comes later is of a writer whose lease is seen, or counts for the next run.
        var plan = new PackPlan(state);
        await IndexSync.SynchronizeAsync(
            _repository, chunks.Index, state, (pack, size) => plan.Sizes[pack] = size, progress: null, cancellationToken);

        // :: 2. Leases, and what is forgotten. Marks first: see PointRemoval.
        HashSet<string> forgotten = await _repository.ListMarksAsync("forgotten/", cancellationToken);
        OpenLeases leases = await OpenLeases.ReadAsync(_repository, state, options.BreakLeases, cancellationToken);
        tally.LeasesBroken += leases.BrokenCount;
        HashSet<string> removed = await PointRemoval.RunAsync(_repository, forgotten, leases, cancellationToken);
        tally.PointsRemoved += removed.Count;

        // :: 3. Counts. What is condemned does not count as a place; reading a node that lies there alone puts it back, so again after.
        SetAside(plan);
        await new PointCounting(chunks, references, tally).RunAsync(leases.Announced, removed, cancellationToken);
        SetAside(plan);

        // :: 4. Sweep. By a state that is still the newest.
        BadMarks marks = await BadMarks.ListAsync(_repository, cancellationToken);
        var needed = new NeededRecords(chunks, references, plan, tally);
        var sweep = new PackSweep(chunks, plan, needed, marks, references, tally);
        var survey = new PackSurvey(chunks, plan, needed, marks, references, leases.OldestGeneration, tally);
        if (!await CollectionState.IsNewestAsync(_repository, state.Generation, cancellationToken))
        {
            return ResultOf(tally, plan, leases, isOvertaken: true);
        }

        await sweep.RunAsync(leases.OldestGeneration, cancellationToken);

        // :: 5. Look, condemn, rewrite.
        await survey.RunAsync(cancellationToken);
        if (sweep.Unreadable.Count + survey.Unreadable.Count > 0
            && !await new UnplacedSearch(chunks, references, tally).RunAsync(cancellationToken))
        {
            await sweep.RemoveUnreadableAsync(cancellationToken);
            survey.Unreadable.ForEach(survey.Condemn);
        }

        if (options.RewriteBelow > 0)
        {
            await new PackRewriting(chunks, plan, needed, survey, references, tally).RunAsync(options, sweep.Kept, cancellationToken);
        }

        // :: 6. The next state, when it says anything new.
        bool isOvertaken = false;
        if (plan.HasChanged || leases.EndedOfNewest > EndedLeasesMax)
        {
            tally.Begin("writing what is condemned");
            CollectionRecord next = plan.ToRecord(leases.OldestGeneration);
            isOvertaken = !await CollectionState.CreateAsync(_repository, next, cancellationToken);
            if (!isOvertaken)
            {
                await TidyAsync(next, cancellationToken);
                foreach (PackId pack in plan.Condemned.Keys)
                {
                    references.RemovePack(pack);
                }
            }
        }

        await references.CommitAsync(cancellationToken);
        return ResultOf(tally, plan, leases, isOvertaken);
    }

    /// <summary>Out of the index with what no new backup may build upon.</summary>
    private void SetAside(PackPlan plan)
    {
        foreach (PackId pack in plan.Condemned.Keys.Concat(plan.Gone))
        {
            chunks.Index.RemovePack(pack);
        }
    }

    /// <summary>Removes states and leases that nobody asks for any more.</summary>
    private async Task TidyAsync(CollectionRecord state, CancellationToken cancellationToken)
    {
        await CollectionState.RemoveOldAsync(_repository, state.Generation, cancellationToken);

        // A lease before its end: an end without a lease says nothing.
        foreach (string prefix in new[] { "leases/", "ended/" })
        {
            foreach (string name in await _repository.ListMarksAsync(prefix, cancellationToken))
            {
                if (LeaseName.TryParse(name, out LeaseName lease) && lease.Generation < state.Open)
                {
                    await _repository.Store.DeleteAsync($"{prefix}{name}", cancellationToken);
                }
            }
        }
    }

    private static CollectResult ResultOf(CollectTally tally, PackPlan plan, OpenLeases leases, bool isOvertaken) => new()
    {
        PointsRemoved = tally.PointsRemoved,
        RestorePointsCounted = tally.PointsCounted,
        NodesRead = tally.NodesRead,
        LeasesBroken = tally.LeasesBroken,
        PacksLookedAt = tally.PacksLookedAt,
        PacksRemoved = tally.PacksRemoved,
        FreedBytes = tally.FreedBytes,
        PacksCondemned = isOvertaken ? 0 : plan.Condemned.Count,
        CondemnedBytes = isOvertaken ? 0 : plan.CondemnedBytes,
        RewrittenBytes = tally.RewrittenBytes,
        IsRewritingCutShort = tally.IsRewritingCutShort,
        IsHeldBackByWriter = tally.IsHeldBackByWriter || plan.Condemned.Values.Any(since => leases.OldestGeneration < since),
        IsOvertaken = isOvertaken,
        Damage = [.. tally.Damage, .. leases.Unreadable],
    };
}
