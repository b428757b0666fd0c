using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Store;
using VProtect.Mover.View;
using VProtect.Mover.View.Iscsi;
using VProtect.Node.Channel;
using VProtect.Node.Execution;
using VProtect.Node.Repositories;

namespace VProtect.Node.Mounts;

/// <summary>
/// The mounts of this node. They outlive the orders that made them and end with the node; the server orders them again when the node is back, with the same
/// endpoints. What was written is in overlays under <c>StatePath/mounts</c>, which stay. Safe from several threads.
/// </summary>
internal sealed partial class MountBook(NodeOptions options, OpenRepositories repositories, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    /// <summary>What the name of a mount's mark ends with; no disk's overlay is named so (<see cref="LiveMount.OverlayPath"/>).</summary>
    private const string CommittedMark = "%committed";

    private readonly ILogger _logger = loggers.CreateLogger<MountBook>();
    private readonly ViewCache _cache = new(new ViewOptions());
    private readonly ConcurrentDictionary<string, LiveMount> _mounts = new(StringComparer.Ordinal);

    // By repository, so that one which hangs keeps no other's mounts waiting. Held while a mount begins and while a hold is taken off, so that the two do not cross.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    /// <summary>Removes what mounts of a node that was killed have left; overlays stay.</summary>
    public void CleanUp()
    {
        foreach (string left in Directory.Exists(IscsiDirectory) ? Directory.GetDirectories(IscsiDirectory) : [])
        {
            try
            {
                IscsiTarget.Clean(left);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.NotCleaned(_logger, e.Message);
            }
        }
    }

    /// <summary>Caches what mounts read, and waits for it, as the server says from now on; also in mounts that are there.</summary>
    /// <param name="settings">What it says.</param>
    /// <param name="place">Directory for temporary work, known to be good; null for the node's own.</param>
    public void Heed(NodeSettings settings, string? place)
    {
        _cache.StallMax = settings.MountStallMax ?? _cache.Options.StallMax;
        var file = new ChunkFileOptions { Directory = Path.Combine(place ?? options.StatePath, "mount-cache"), HoldsShares = settings.MountCacheHoldsShares };
        _cache.UseFile(
            settings.MountCacheBytesMax switch
            {
                null => file,
                0 => null,
                { } bytes => file with { BytesMax = bytes },
            },
            _logger,
            time);
    }

    /// <summary>How it is.</summary>
    public MountsStatus Status => new()
    {
        Count = _mounts.Count,
        MemoryBytes = _cache.HeldBytes,
        MemoryBytesMax = _cache.Options.CacheBytes,
        FileBytes = _cache.FileBytes,
        FileBytesMax = _cache.FileBytesMax,
        ChunksFromMemory = _cache.ChunksFromMemory,
        ChunksFromFile = _cache.ChunksFromFile,
        ChunksFromRepositories = _cache.ChunksFromStores,
    };

    /// <summary>Begins to serve, or tells again what is served already.</summary>
    public async Task<MountResult> MountAsync(MountWork work, WorkContext context, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = GateOf(work.Repository);
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (_mounts.TryGetValue(work.MountGuid, out LiveMount? there))
            {
                return await there.Result;
            }

            foreach (string directory in (string[])[OverlayDirectory, IscsiDirectory])
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            await context.UseAsync(
                work.Repository,
                async shared =>
                {
                    await context.SynchronizeAsync(shared, cancellationToken);
                    return true;
                },
                cancellationToken);
            context.Enter("opening the disks");
            (LiveMount mount, MountResult result) = await LiveMount.StartAsync(
                work,
                serve => repositories.UseAsync(work.Repository, text => Log.Warned(_logger, text), serve, CancellationToken.None),
                StemOf(work.MountGuid),
                Path.Combine(IscsiDirectory, work.MountGuid),
                options,
                _cache,
                loggers,
                time,
                cancellationToken);
            _mounts[work.MountGuid] = mount;
            foreach (MountedDiskResult disk in result.Disks)
            {
                context.Note($"Disk {disk.Id} is at {disk.Uri}{(disk.IsWritable ? ", writable" : "")}.");
            }

            return result;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// Ends a mount, makes a restore point of what was written if that is asked for, and removes the overlays. Begun again after any failure or crash it goes on:
    /// overlays go only after a mark says that they are committed, and the mark goes last, so that no restore point is made of those that are left.
    /// </summary>
    public async Task UnmountAsync(UnmountWork work, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("letting clients go");
        await LetGoAsync(work.MountGuid);

        string mark = StemOf(work.MountGuid) + CommittedMark;
        string[] overlays = Directory.Exists(OverlayDirectory)
            ? [.. Directory.GetFiles(OverlayDirectory, Path.GetFileName(StemOf(work.MountGuid)) + "*").Where(file => file != mark)]
            : [];
        await context.UseAsync(
            work.Repository,
            async shared =>
            {
                if (work.Commits && overlays.Length > 0 && !File.Exists(mark))
                {
                    await CommitAsync(work, shared.Repository, shared.Chunks, context, cancellationToken);
                    Mark(mark);
                    await shared.CheckpointAsync(context.Warn);
                }

                await ReleaseAsync(work, shared.Repository, cancellationToken);
                return true;
            },
            cancellationToken);
        foreach (string overlay in overlays)
        {
            File.Delete(overlay);
        }

        if (File.Exists(mark))
        {
            File.Delete(mark);
        }

        ForgetWhenIdle();
    }

    /// <summary>Runs something for as long as a mount is served.</summary>
    public void Attend(string mount, Func<CancellationToken, Task> attendant) => _mounts.GetValueOrDefault(mount)?.Attend(attendant);

    /// <summary>Tells the server how a mount fares.</summary>
    public void Tell(MountTrouble trouble) => options.MountUses?.Tell(trouble);

    /// <summary>Space that is left for what is written to mounts.</summary>
    public long FreeBytes => new DriveInfo(OverlayDirectory).AvailableFreeSpace;

    /// <summary>Ends to serve and keeps what was written; nothing happens when it is not served.</summary>
    public async Task LetGoAsync(string mount)
    {
        if (_mounts.TryRemove(mount, out LiveMount? live))
        {
            await live.DisposeAsync();
            ForgetWhenIdle();
        }
    }

    /// <summary>The files of a mount; null when it is not served.</summary>
    public IGuestFiles? FilesOf(string mount) => _mounts.GetValueOrDefault(mount)?.Files;

    public async ValueTask DisposeAsync()
    {
        foreach (LiveMount mount in _mounts.Values)
        {
            await mount.DisposeAsync().AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _mounts.Clear();
        _cache.Dispose();
    }

    /// <summary>Takes the hold off with the last mount of a restore point.</summary>
    private async Task ReleaseAsync(UnmountWork work, Repository repository, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = GateOf(work.Repository);
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (_mounts.Values.All(other => other.Work.PointId != work.PointId || other.Work.Repository.Guid != work.Repository.Guid))
            {
                await MountedPoint.ReleaseAsync(repository, work.PointId, cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Without mounts the cache holds no memory.</summary>
    private void ForgetWhenIdle()
    {
        if (_mounts.IsEmpty)
        {
            _cache.ClearMemory();
        }
    }

    private SemaphoreSlim GateOf(RepositoryReference repository) => _gates.GetOrAdd(repository.Guid, static _ => new SemaphoreSlim(1, 1));

    /// <summary>For each target a directory, as long as it is served.</summary>
    private string IscsiDirectory => Path.Combine(options.StatePath, "iscsi");

    private string OverlayDirectory => Path.Combine(options.StatePath, "mounts");

    private string StemOf(string mount) => Path.Combine(
        OverlayDirectory,
        Guid.TryParseExact(mount, "D", out _) ? mount + "." : throw new VProtectException(
            ErrorCode.InvalidArgument, ErrorSide.Request, $"'{mount}' is no identity of a mount.", "Use a server of the node's version."));

    private static void Mark(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        file.Flush(flushToDisk: true);
    }

    private async Task CommitAsync(UnmountWork work, Repository repository, ChunkStore chunks, WorkContext context, CancellationToken cancellationToken)
    {
        RestorePoint point = await MountedPoint.FindAsync(repository, work.PointId, cancellationToken);
        string stem = StemOf(work.MountGuid);
        await using var disks = await MountedDisks.OpenAsync(
            chunks,
            repository,
            point,
            new MountedDisksOptions { OpensAll = true, OverlayOf = disk => LiveMount.OverlayPath(stem, disk) is var path && File.Exists(path) ? path : null },
            _cache,
            loggers.CreateLogger<VirtualDisk>(),
            time,
            cancellationToken);
        if (disks.Served.All(disk => disk.Overlay is null or { ChangedBytes: 0 }))
        {
            context.Note("Nothing was written: there is nothing to commit.");
            return;
        }

        context.Enter("making a restore point of what was written");
        var counters = new BackupCounters();
        context.Journal.Follow(() => (counters.Step, new Amounts(counters.DoneBytes, counters.TotalBytes, counters.StoredBytes)));
        var pipeline = new BackupPipeline(chunks, new BackupOptions { ReserveBytes = work.Repository.ReserveBytes }, counters, time);
        RestorePoint made = await pipeline.RunAsync(await disks.ToBackupAsync(chunks, work.Label, context.Warn, cancellationToken), cancellationToken);
        context.Note($"What was written is restore point {made.Id}.");
    }

    private static partial class Log
    {
        [LoggerMessage(6030, LogLevel.Warning, "Mounted repository: {Text}")]
        public static partial void Warned(ILogger logger, string text);

        [LoggerMessage(6031, LogLevel.Warning, "What an iSCSI target had left cannot be removed: {Reason}")]
        public static partial void NotCleaned(ILogger logger, string reason);
    }
}
