using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Collection of what no restore point needs, beside any number of writers. The protocol, and why it is safe, is FORMAT.md
/// section 7; the numbers below are its steps.
/// </summary>
public sealed class GarbageCollector(ChunkStore chunks, CollectOptions options)
{
    private readonly Repository _repository = chunks.Repository;

    /// <summary>Collects once.</summary>
    /// <param name="onStep">Told what goes on, in a few words.</param>
    /// <param name="cancellationToken">Ends it at any instant; what was done stays done, the rest is for the next time.</param>
    /// <returns>What was freed and what will be.</returns>
    /// <exception cref="IntegrityException">A manifest is damaged: then nothing is removed, since what it needs is not known.</exception>
    public async Task<CollectResult> RunAsync(Action<string> onStep, CancellationToken cancellationToken)
    {
        // :: 1.
        onStep("reading the repository");
        CollectionRecord state = await Lease.ReadCollectionAsync(_repository, cancellationToken);
        Dictionary<PackId, long> condemned = state.PackIds.Zip(state.Condemned).ToDictionary(pack => pack.First, pack => pack.Second.Since);

        // :: 2.
        (int pointsRemoved, long oldestLease, int leasesBroken) = await RemoveForgottenAsync(cancellationToken);

        // :: 3. What is condemned does not count as a place, unless a chunk lies nowhere else.
        await IndexSync.SynchronizeAsync(_repository, chunks.Index, progress: null, cancellationToken);
        var sizes = new Dictionary<PackId, long>();
        await foreach (ObjectInfo item in _repository.Store.ListAsync("packs/", cancellationToken))
        {
            if (PackFormat.TryParseKey(item.Key, out PackId id))
            {
                sizes[id] = item.SizeBytes;
            }
        }

        onStep("marking what restore points need");
        HashSet<PackId> unreadable = [.. sizes.Keys.Where(pack => !chunks.Index.ContainsPack(pack))];
        var condemnedPlaces = new Dictionary<ChunkId, ChunkLocation>();
        await SetAsideAsync(condemned.Keys, sizes, condemnedPlaces, unreadable, cancellationToken);
        LivePlaces live = await MarkAsync(condemned, condemnedPlaces, cancellationToken);
        if (live.HasUnplaced)
        {
            // What is missing may lie in a pack whose table of contents is damaged: its records can be salvaged as long as it is there.
            foreach (PackId pack in unreadable)
            {
                sizes.Remove(pack);
            }
        }

        // :: 4. Sweep.
        onStep("removing");
        long freed = 0;
        int swept = 0;
        var next = new Dictionary<PackId, long>();
        foreach ((PackId pack, long since) in condemned)
        {
            if (!sizes.TryGetValue(pack, out long size) || live.IsNeeded(pack))
            {
                continue;
            }

            if (oldestLease < since)
            {
                next[pack] = since;
                continue;
            }

            await RemovePackAsync(pack, cancellationToken);
            sizes.Remove(pack);
            freed += size;
            swept++;
        }

        // :: 5. Condemn.
        long generation = state.Generation + 1;
        long condemnedBytes = 0;
        long rewritten = 0;
        foreach ((PackId pack, long size) in sizes)
        {
            if (!next.ContainsKey(pack) && !live.IsNeeded(pack))
            {
                next[pack] = generation;
            }
        }

        if (options.RewriteBelow > 0)
        {
            onStep("rewriting packs with little left");
            rewritten = await RewriteAsync(sizes, live, next, generation, cancellationToken);
        }

        condemnedBytes = next.Keys.Sum(pack => sizes.GetValueOrDefault(pack));

        // :: 6.
        bool changed = next.Count != condemned.Count || next.Any(pack => !condemned.TryGetValue(pack.Key, out long since) || since != pack.Value);
        if (changed)
        {
            var record = new CollectionRecord(
                generation, [.. next.OrderBy(pack => pack.Key).Select(pack => new CondemnedPack(pack.Key.ToString(), pack.Value))]);
            bool first = await _repository.Store.PutIfAbsentAsync(
                Lease.KeyOf(generation), Envelope.Clear(EnvelopeKind.Collection, RecordJson.Write(record)), cancellationToken);
            if (first && state.Generation > 0)
            {
                await _repository.Store.DeleteAsync(Lease.KeyOf(state.Generation), cancellationToken);
            }
        }

        return new CollectResult
        {
            PointsRemoved = pointsRemoved,
            LeasesBroken = leasesBroken,
            PacksRemoved = swept,
            FreedBytes = freed,
            PacksCondemned = next.Count,
            CondemnedBytes = condemnedBytes,
            RewrittenBytes = rewritten,
            IsHeldBackByWriter = oldestLease < generation && next.Count > 0,
        };
    }

    private async Task<(int PointsRemoved, long OldestLease, int LeasesBroken)> RemoveForgottenAsync(CancellationToken cancellationToken)
    {
        HashSet<string> forgotten = await _repository.ListMarksAsync("forgotten/", cancellationToken);
        var pinned = new HashSet<string>(StringComparer.Ordinal);
        long oldest = long.MaxValue;
        int broken = 0;
        foreach (string id in await _repository.ListMarksAsync("leases/", cancellationToken))
        {
            string key = $"leases/{id}";
            LeaseRecord? lease = await _repository.ReadRecordAsync<LeaseRecord>(EnvelopeKind.Lease, key, cancellationToken);
            if (lease is null)
            {
                // Given back since the listing; what its writer committed is seen in step 3.
                continue;
            }

            if (lease.Point is not null && !PackId.TryParse(lease.Point, out _))
            {
                throw new IntegrityException($"The object '{key}' announces '{lease.Point}', which is no restore point.");
            }

            if (WriterProcess.IsCertainlyGone(lease) || options.BreakLeases)
            {
                await BreakAsync(key, lease, cancellationToken);
                broken++;
                continue;
            }

            pinned.UnionWith(lease.Pins);
            oldest = Math.Min(oldest, lease.Generation);
        }

        HashSet<string> held = await _repository.ListMarksAsync("holds/", cancellationToken);
        int removed = 0;
        foreach (string point in forgotten.Except(pinned).Except(held))
        {
            removed += await _repository.Store.DeleteAsync($"points/{point}", cancellationToken) ? 1 : 0;
            await _repository.Store.DeleteAsync($"forgotten/{point}", cancellationToken);
        }

        return (removed, oldest, broken);
    }

    /// <summary>Whoever creates the point's key first has won: the writer its commit, or this its end.</summary>
    private async Task BreakAsync(string key, LeaseRecord lease, CancellationToken cancellationToken)
    {
        if (lease.Point is not null)
        {
            byte[] aborted = Envelope.Clear(EnvelopeKind.AbortedPoint, RecordJson.Write(new AbortedRecord(lease.Lease)));
            await _repository.Store.PutIfAbsentAsync($"points/{lease.Point}", aborted, cancellationToken);
        }

        await _repository.Store.DeleteAsync(key, cancellationToken);
    }

    /// <summary>Takes condemned packs out of the index and remembers what they hold.</summary>
    private async Task SetAsideAsync(
        IEnumerable<PackId> condemned, Dictionary<PackId, long> sizes, Dictionary<ChunkId, ChunkLocation> places,
        HashSet<PackId> unreadable, CancellationToken cancellationToken)
    {
        foreach (PackId pack in condemned)
        {
            chunks.Index.RemovePack(pack);
            if (!sizes.TryGetValue(pack, out long size)
                || unreadable.Contains(pack)
                || await _repository.Packs.ReadFooterAsync(pack, size, cancellationToken) is not { } footer)
            {
                continue;
            }

            foreach (PackEntry entry in footer.ToIndexEntries())
            {
                places[entry.Id] = new ChunkLocation(pack, entry.OffsetBytes, entry.StoredBytes, entry.RawBytes);
            }
        }
    }

    private async Task<LivePlaces> MarkAsync(
        Dictionary<PackId, long> condemned, Dictionary<ChunkId, ChunkLocation> condemnedPlaces, CancellationToken cancellationToken)
    {
        var live = new LivePlaces();
        using IChunkIndexSession session = chunks.Index.OpenSession();
        var walker = new TreeWalker(chunks);

        void Mark(ChunkId id)
        {
            if (session.TryFind(id, out ChunkLocation location) || condemnedPlaces.TryGetValue(id, out location))
            {
                live.Add(location.Pack, location.OffsetBytes);
            }
            else
            {
                live.HasUnplaced = true;
            }
        }

        foreach (string id in await _repository.ListMarksAsync("points/", cancellationToken))
        {
            RestorePoint? point = await _repository.ReadPointAsync(id, cancellationToken);
            foreach (RestorePointDisk disk in point?.Disks ?? [])
            {
                if (!disk.Root.IsZero)
                {
                    Mark(disk.Root);
                }

                long chunkCount = (disk.SizeBytes + _repository.ChunkBytes - 1) / _repository.ChunkBytes;
                await walker.WalkAsync(
                    disk.Root,
                    chunkCount,
                    (in VisitedNode node) =>
                    {
                        foreach (ChunkId child in node.Slots.Span)
                        {
                            if (!child.IsZero)
                            {
                                Mark(child);
                            }
                        }

                        return true;
                    },
                    static (_, damage) => throw damage,
                    cancellationToken);
            }
        }

        // A condemned pack that is needed after all is a pack like any other again; the others stay out of the index.
        foreach (PackId pack in condemned.Keys.Where(live.IsNeeded))
        {
            chunks.Index.AddPack(
                pack,
                [.. condemnedPlaces.Where(place => place.Value.Pack == pack).Select(place =>
                    new PackEntry(place.Key, place.Value.OffsetBytes, place.Value.StoredBytes, place.Value.RawBytes))]);
        }

        return live;
    }

    /// <summary>Copies what is left of sparsely used packs into new ones, as a writer with a lease of its own, and condemns them.</summary>
    private async Task<long> RewriteAsync(
        Dictionary<PackId, long> sizes, LivePlaces live, Dictionary<PackId, long> next, long generation, CancellationToken cancellationToken)
    {
        await using Lease lease = await Lease.TakeAsync(_repository, pointId: null, pins: [], cancellationToken);
        if (lease.Collection.Generation != generation - 1)
        {
            return 0;
        }

        long rewritten = 0;
        await using var sink = new PackSink(chunks, lease.Record.Generation, next.Keys.ToHashSet(), new StageClock());
        var emptied = new List<PackId>();
        foreach ((PackId pack, long size) in sizes.Where(pack => !next.ContainsKey(pack.Key)))
        {
            if (await _repository.Packs.ReadFooterAsync(pack, size, cancellationToken) is not { } footer)
            {
                continue;
            }

            var needed = live.OffsetsOf(pack).ToHashSet();
            PackFooterEntry[] kept = [.. footer.Entries.Where(entry => needed.Contains(entry.OffsetBytes))];
            if (kept.Sum(entry => entry.Record.RecordBytes) >= size * options.RewriteBelow)
            {
                continue;
            }

            foreach (PackFooterEntry entry in kept)
            {
                rewritten += await CopyRecordAsync(pack, footer.Header, entry, sink, cancellationToken);
            }

            emptied.Add(pack);
        }

        // Durable and in the index before the old place is condemned.
        await sink.CompleteAsync(cancellationToken);
        foreach (PackId pack in emptied)
        {
            next[pack] = generation;
        }

        return rewritten;
    }

    private async Task<long> CopyRecordAsync(
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

    private async Task RemovePackAsync(PackId pack, CancellationToken cancellationToken)
    {
        await _repository.Store.DeleteAsync(PackFormat.Key(pack), cancellationToken);
        string prefix = $"{pack}-";
        foreach (string mark in await _repository.ListMarksAsync("bad/", cancellationToken))
        {
            if (mark.StartsWith(prefix, StringComparison.Ordinal))
            {
                await _repository.Store.DeleteAsync($"bad/{mark}", cancellationToken);
            }
        }
    }
}

/// <summary>How to collect.</summary>
public sealed record CollectOptions
{
    /// <summary>Packs of which less than this part is needed are rewritten; 0 rewrites none. Default 0.5.</summary>
    public double RewriteBelow { get; init; } = 0.5;

    /// <summary>Whether to break all leases, of writers on other machines too: their backups will fail. Default false.</summary>
    public bool BreakLeases { get; init; }
}

/// <summary>What a collection did.</summary>
public sealed record CollectResult
{
    /// <summary>Forgotten restore points that were removed.</summary>
    public required int PointsRemoved { get; init; }

    /// <summary>Leases of writers that are gone.</summary>
    public required int LeasesBroken { get; init; }

    /// <summary>Packs removed.</summary>
    public required int PacksRemoved { get; init; }

    /// <summary>Bytes freed.</summary>
    public required long FreedBytes { get; init; }

    /// <summary>Packs that the next collection removes, when no older writer is at work then.</summary>
    public required int PacksCondemned { get; init; }

    /// <summary>Bytes of those.</summary>
    public required long CondemnedBytes { get; init; }

    /// <summary>Bytes that were copied out of sparsely used packs.</summary>
    public required long RewrittenBytes { get; init; }

    /// <summary>Whether a running writer delays the removal.</summary>
    public required bool IsHeldBackByWriter { get; init; }
}
