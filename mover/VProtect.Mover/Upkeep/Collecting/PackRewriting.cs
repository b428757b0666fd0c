using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Copies what is left of sparsely used packs, and what is needed of condemned ones, into new packs, as a writer with a lease of
/// its own; the former are condemned then. The only
/// part of a collection that needs space: on a full store it ends early and changes nothing.
/// </summary>
internal sealed class PackRewriting(
    ChunkStore chunks, PackPlan plan, NeededRecords needed, PackSurvey survey, CountedReferences references, CollectTally tally)
{
    private readonly Repository _repository = chunks.Repository;

    /// <summary>Rewrites.</summary>
    /// <param name="options">What, and how much at most.</param>
    /// <param name="condemned">Packs condemned already out of which what is needed must come.</param>
    /// <param name="cancellationToken">Ends it; nothing has been condemned then.</param>
    public async Task RunAsync(CollectOptions options, IReadOnlyList<PackId> condemned, CancellationToken cancellationToken)
    {
        List<PackId> thin = [.. condemned, .. Choose(options)];
        if (thin.Count == 0 || plan.IsFull)
        {
            return;
        }

        tally.Begin("rewriting packs with little left", thin.Count, "packs");
        try
        {
            await using Lease lease = await Lease.TakeAsync(_repository, pointId: null, pins: [], cancellationToken);
            if (lease.Collection.Generation == plan.Generation - 1)
            {
                await RewriteAsync(thin, options.RewriteBelow, lease.Record.Generation, cancellationToken);
            }
        }
        catch (VProtectException e) when (e.Code == ErrorCode.StoreFull)
        {
            tally.IsRewritingCutShort = true;
        }
    }

    /// <summary>Those with the least part left first: they give back the most for each byte copied.</summary>
    private List<PackId> Choose(CollectOptions options)
    {
        long left = options.RewriteBytesMax;
        var chosen = new List<PackId>();
        foreach ((PackId pack, PackUse use) in references.Packs
            .Where(pack => plan.Stays(pack.Key) && !pack.Value.MustLook && pack.Value.NeededBytes < pack.Value.SizeBytes * options.RewriteBelow)
            .OrderBy(pack => (double)pack.Value.NeededBytes / pack.Value.SizeBytes))
        {
            if (use.NeededBytes <= left)
            {
                left -= use.NeededBytes;
                chosen.Add(pack);
            }
        }

        return chosen;
    }

    private async Task RewriteAsync(List<PackId> thin, double rewriteBelow, long generation, CancellationToken cancellationToken)
    {
        var emptied = new List<PackId>();
        long copied = 0;
        await using var sink = new PackSink(chunks, generation, plan.Condemned.Keys.ToHashSet(), new StageClock());
        await foreach ((PackId pack, PackContents contents) in needed.ReadAsync(thin, cancellationToken))
        {
            tally.Advance();
            if (contents.Footer is not { } footer)
            {
                continue;
            }

            // What it holds alone is asked anew: a chunk that lay elsewhere when the pack was last looked at may lie here alone now.
            List<PackFooterEntry> kept = needed.Of(footer);
            long keptBytes = NeededRecords.BytesOf(footer, kept);
            bool isCondemned = plan.Condemned.ContainsKey(pack);
            if (!isCondemned && (keptBytes >= contents.SizeBytes * rewriteBelow || survey.IsOfWriterAtWork(footer)))
            {
                references.SetPack(pack, new PackUse(contents.SizeBytes, keptBytes, MustLook: keptBytes == 0));
                continue;
            }

            try
            {
                foreach (PackFooterEntry entry in kept)
                {
                    copied += await CopyAsync(pack, footer.Header, entry, sink, cancellationToken);
                }

                if (!isCondemned)
                {
                    emptied.Add(pack);
                }
            }
            catch (IntegrityException e)
            {
                // It stays as it is: what is damaged in it is for verification to tell and for a backup to heal.
                tally.Damage.Add(e);
            }
        }

        // Durable and in the index before the old place is condemned.
        await sink.CompleteAsync(cancellationToken);
        tally.RewrittenBytes += copied;
        foreach (PackId pack in emptied)
        {
            survey.Condemn(pack);
        }
    }

    private async Task<long> CopyAsync(
        PackId pack, PackHeader header, PackFooterEntry entry, PackSink sink, CancellationToken cancellationToken)
    {
        byte[] record = new byte[entry.Record.RecordBytes];
        int read = await _repository.Store.ReadAsync(PackFormat.Key(pack), entry.OffsetBytes, record, cancellationToken);
        PackCipher cipher = await _repository.Packs.GetCipherAsync(pack, cancellationToken);
        byte[] packed = new byte[(int)entry.Record.PayloadBytes - cipher.OverheadBytes];
        byte[] plain = new byte[entry.Record.RawBytes];
        var location = new ChunkLocation(pack, entry.OffsetBytes, entry.Record.PayloadBytes, entry.Record.RawBytes);
        chunks.Open(cipher, header.Kind, entry.Record.Id, location, record.AsSpan(0, Math.Max(0, read)), packed, plain);
        return await sink.AddRecordAsync(header.Kind, entry.Record.Id, entry.Record.Codec, plain.Length, packed, cancellationToken);
    }
}
