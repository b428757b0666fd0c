using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Acquire.ChangeTracking;
using VProtect.Mover.Documents;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover;

/// <summary>
/// The whole flow of a backup, in order.
/// <code>
///            (2) extents            (3) batches of 1 MiB               (5) in disk order
///  source ──► planner ──► reader ──► channel ──► workers ──► ordered ──► sealer ──► packs ──► store
///                           │      zero? id? known? zstd     channel       │
///                           └──────────── batch (order) ───────────────────┘──► tree ──► point: the commit (8)
/// </code>
/// <list type="number">
/// <item>Take a lease, learn what other writers stored, choose the parent.</item>
/// <item>Ask the source what changed; plan runs of whole chunks.</item>
/// <item>Read batches, several at once, into leased buffers.</item>
/// <item>Workers reduce them, in any order.</item>
/// <item>One sealer takes them in disk order: new chunks go to packs, ids to the tree.</item>
/// <item>Full packs become durable in the background and only then known to others.</item>
/// <item>The tree's new nodes go to a node pack.</item>
/// <item>The restore point is created: the one commit.</item>
/// </list>
/// Memory: <see cref="BackupOptions.BufferBytes"/> for batches, about 8 MiB for packs, 64 bytes for each new chunk of the packs being written.
/// One instance runs one backup at a time.
/// </summary>
public sealed class BackupPipeline(ChunkStore chunks, BackupOptions options, BackupCounters counters, TimeProvider time)
{
    private readonly Repository _repository = chunks.Repository;

    /// <summary>Runs a backup of a machine's disks as one restore point.</summary>
    /// <returns>The restore point, durable.</returns>
    /// <exception cref="VProtectException">It failed; nothing but unreferenced packs remains, which the next backup uses.</exception>
    public async Task<RestorePoint> RunAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        DateTimeOffset createdAt = time.GetUtcNow();

        // :: 1. Lease and parent.
        counters.Step = "preparing";
        RequireNames(request.Disks);
        byte[] documents = request.Documents.Count == 0 ? [] : DocumentArchive.Write(request.Documents);
        string pointId = PackId.NewRandom().ToString();
        var space = new SpaceGuard(_repository, options.ReserveBytes);
        await space.RequireRoomAsync(cancellationToken);
        PointListing listing = await _repository.ReadPointsAsync(cancellationToken);
        foreach (IntegrityException damage in listing.Damaged.Values)
        {
            // It may be this machine's last one; then the backup builds upon the one before, and compares.
            request.OnWarning?.Invoke($"{damage.Message} The backup goes on without it.");
        }

        IReadOnlyList<RestorePoint> all = listing.Points;
        IReadOnlyList<RestorePoint> history = [.. all.Where(point => point.Machine == request.Machine)];
        RestorePoint? parent = ChooseParent(history, request.Parent);
        await using Lease lease = await Lease.TakeAsync(_repository, pointId, parent is null ? [] : [parent.Id], cancellationToken);
        if (parent is not null && !await StillThereAsync(parent.Id, cancellationToken))
        {
            parent = null;
        }

        IndexSyncResult index = await IndexSync.SynchronizeAsync(
            _repository, chunks.Index, lease.Collection, onPack: null, progress: null, cancellationToken);
        await using var sink = new PackSink(chunks, lease.Record.Generation, index.Condemned, counters.Clock) { Space = space };

        async Task WarnOfSpaceAsync(BackupDisk disk, ChangedBlocks? changed)
        {
            if (SpaceEstimate.ExpectedBytes(disk.Name, disk.Source.SizeBytes, changed, history, all) is { } expected
                && await space.GetRoomBytesAsync(cancellationToken) is { } room && expected > room
                && (expected = Math.Min(expected, await SpaceEstimate.DataBytesAsync(disk.Source, cancellationToken))) > room)
            {
                request.OnWarning?.Invoke(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{disk.Name} will probably need {expected:N0} bytes and {room:N0} are free above the reserve: the backup may stop before its end."));
            }
        }

        var disks = new List<RestorePointDisk>();
        async Task BackUpAsync(BackupDisk disk, BackupCounters diskCounters)
        {
            RestorePointDisk? parentDisk = parent?.Disks.FirstOrDefault(d => d.Name == disk.Name);
            disks.Add(await BackUpDiskAsync(
                disk, parent?.Id, parentDisk, index.HasDamage, request.Compare, WarnOfSpaceAsync, diskCounters, sink, index.Condemned, cancellationToken));
        }

        foreach (BackupDisk disk in request.Disks)
        {
            counters.Step = request.Disks.Count == 1 ? "copying" : $"copying {disk.Name}";
            counters.Disk = disk.Name;
            await BackUpAsync(disk, counters);
        }

        counters.Disk = null;
        if (documents.Length > 0)
        {
            // Not counted: nobody waits for it.
            await BackUpAsync(new BackupDisk(DocumentArchive.DiskName, new DocumentSource(documents)), new BackupCounters());
        }

        // :: 6–8. Everything the point refers to is durable before it exists.
        counters.Step = "making durable";
        await sink.CompleteAsync(cancellationToken);
        var record = new PointRecord(
            pointId, request.Machine, history.Select(point => point.Sequence).DefaultIfEmpty().Max() + 1, parent?.Id,
            createdAt.ToString("O", CultureInfo.InvariantCulture), (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds,
            $"vprotect {ProductVersion.Text}", request.Label, [.. disks.Select(disk => disk.ToRecord())]);
        cancellationToken.ThrowIfCancellationRequested();
        if (!await _repository.CommitPointAsync(record, cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.LeaseBroken, ErrorSide.Repository, "A collector took this backup for dead and broke its lease.",
                "Run the backup again: what it stored is used. If this process was suspended, that is why.", RetryAdvice.Now);
        }

        return RestorePoint.FromRecord(record);
    }

    private static void RequireNames(IReadOnlyList<BackupDisk> disks)
    {
        if (disks.FirstOrDefault(disk => disk.Name.StartsWith('@')) is { } reserved)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{reserved.Name}' cannot be the name of a disk: names that begin with @ are reserved.",
                "Name the disk otherwise.");
        }
    }

    private static RestorePoint? ChooseParent(IReadOnlyList<RestorePoint> history, string? wanted) =>
        wanted is null ? (history.Count == 0 ? null : history[^1]) : history.FirstOrDefault(point => point.Id == wanted);

    private async Task<bool> StillThereAsync(string pointId, CancellationToken cancellationToken) =>
        await _repository.Store.GetSizeAsync($"forgotten/{pointId}", cancellationToken) is null
        && await _repository.Store.GetSizeAsync($"points/{pointId}", cancellationToken) is not null;

    private async Task<RestorePointDisk> BackUpDiskAsync(
        BackupDisk disk, string? parentId, RestorePointDisk? parent, bool hasDamage, bool compare,
        Func<BackupDisk, ChangedBlocks?, Task> warnOfSpace, BackupCounters diskCounters, PackSink sink, IReadOnlySet<PackId> condemned,
        CancellationToken cancellationToken)
    {
        // :: 2. What changed, or why everything must be read.
        ChangedBlocks? changed = null;
        if (parent is not null && !disk.Source.IsSequential)
        {
            changed = compare ? new ChangedBlocks.MustFull("a full comparison was asked for")
                : hasDamage && !await DamageCheck.IsSoundAsync(chunks, parent, cancellationToken)
                    ? new ChangedBlocks.MustFull("the previous restore point has damaged chunks, which are looked for and written again")
                : await disk.Source.GetChangedBlocksAsync(new ParentDisk(parentId!, parent.SizeBytes, parent.Token), cancellationToken);
        }

        await warnOfSpace(disk, changed);
        if (changed is ChangedBlocks.Delta delta)
        {
            try
            {
                if (await DeltaSpotCheck.FindContradictionAsync(chunks, disk.Source, parent!, delta.Extents, Random.Shared, cancellationToken) is { } doubt)
                {
                    return await CopyAsync(disk, parent, delta: null, BackupMode.Compare, doubt, diskCounters, sink, condemned, cancellationToken);
                }

                return await CopyAsync(disk, parent, delta, BackupMode.Delta, reason: null, diskCounters, sink, condemned, cancellationToken);
            }
            catch (IntegrityException e)
            {
                changed = new ChangedBlocks.MustFull($"the manifest of the previous restore point is damaged ({e.Message})");
            }
        }

        string? reason = (changed as ChangedBlocks.MustFull)?.Reason;
        BackupMode mode = parent is null ? BackupMode.Full : BackupMode.Compare;
        return await CopyAsync(disk, parent, delta: null, mode, reason, diskCounters, sink, condemned, cancellationToken);
    }

    private async Task<RestorePointDisk> CopyAsync(
        BackupDisk disk, RestorePointDisk? parent, ChangedBlocks.Delta? delta, BackupMode mode, string? reason, BackupCounters diskCounters, PackSink sink,
        IReadOnlySet<PackId> condemned, CancellationToken cancellationToken)
    {
        var copy = new DiskCopy(disk, delta, diskCounters);
        int chunkBytes = _repository.ChunkBytes;
        long? sizeBytes = disk.Source.SizeBytes;
        long chunkCount = sizeBytes is { } size ? (size + chunkBytes - 1) / chunkBytes : long.MaxValue / chunkBytes;
        ChunkId baseRoot = parent is not null && parent.SizeBytes == sizeBytes ? parent.Root : ChunkId.Zero;
        var tree = new TreeWriter(chunks, sink, Math.Max(chunkCount, 1), baseRoot, rebuildsDamaged: delta is null);
        await copy.RunAsync(chunks, options, tree, sink, condemned, cancellationToken);
        ChunkId root = await tree.CompleteAsync((copy.SizeBytes + chunkBytes - 1) / chunkBytes, cancellationToken);
        return new RestorePointDisk
        {
            Name = disk.Name,
            SizeBytes = copy.SizeBytes,
            Root = root,
            Token = disk.Source.NextToken,
            Mode = mode,
            Reason = reason,
            ReadBytes = copy.ReadBytes,
            ChangedBytes = copy.ChangedBytes,
            NewBytes = copy.NewBytes,
            StoredBytes = copy.StoredBytes,
        };
    }
}
