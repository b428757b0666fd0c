using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Documents;
using VProtect.Mover.Store;
using VProtect.Node.Channel;
using VProtect.Node.Rebuild;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>
/// Backs a machine up.
/// <list type="number">
/// <item>Open the repository and look for what to build upon: the platform is not touched for one that cannot be used.</item>
/// <item>The command before the snapshot.</item>
/// <item>The connector makes the disks readable as of one instant.</item>
/// <item>The command after the snapshot, whatever became of it.</item>
/// <item>Open the disks and run the pipeline. With the restore point committed nothing can fail the backup any more.</item>
/// <item>Tell the connector that it is committed.</item>
/// <item>Close the disks, then the connector's access, which removes what was made for it.</item>
/// </list>
/// </summary>
internal static class Backup
{
    private const string Committed = "committed";

    /// <summary>For what must still be done when the backup has been cancelled.</summary>
    private static readonly TimeSpan CancelledHookTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>For the platform to note that the backup is committed.</summary>
    private static readonly TimeSpan CommittedTimeMax = TimeSpan.FromMinutes(5);

    public static async Task<WorkResult> RunAsync(BackupWork work, WorkContext context, CancellationToken cancellationToken)
    {
        // :: 1.
        return await context.UseAsync(work.Repository, shared => RunAsync(work, shared, context, cancellationToken), cancellationToken);
    }

    private static async Task<WorkResult> RunAsync(BackupWork work, SharedRepository shared, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("reading restore points");
        PointListing listing = await shared.Repository.ReadPointsAsync(cancellationToken);
        if (FindCommitted(listing, context) is { } done)
        {
            context.Note($"An earlier attempt made restore point {done.PointId}.");
            return done;
        }

        ApplianceCopies.RequireNewest(listing.Points, work.Repository);
        RestorePoint? parent = listing.Points.LastOrDefault(point => point.Machine == work.History);
        await using IConnector connector = context.Connect(work.Platform);
        var warnings = new Warnings(context);
        (RestorePoint point, IReadOnlyList<BackupAccessDisk> disks) = await CopyAsync(work, shared, parent, connector, warnings, context, cancellationToken);
        await shared.CheckpointAsync(warnings.Add);
        return ResultOf(point, disks, warnings.All);
    }

    private static async Task<(RestorePoint Point, IReadOnlyList<BackupAccessDisk> Disks)> CopyAsync(
        BackupWork work, SharedRepository shared, RestorePoint? parent, IConnector connector, Warnings warnings, WorkContext context,
        CancellationToken cancellationToken)
    {
        // :: 2 to 4.
        IBackupAccess access = await OpenAccessAsync(work, parent, connector, warnings, context, cancellationToken);
        try
        {
            // :: 5.
            RestorePoint point = await CopyAsync(work, shared, parent, access, warnings, context, cancellationToken);
            context.Journal.SetCheckpoint(Committed, JsonSerializer.Serialize(ResultOf(point, access.Disks, warnings.All), NodeJson.Default.BackupResult));

            // :: 6.
            await TellCommittedAsync(access, warnings, context);
            return (point, access.Disks);
        }
        finally
        {
            // :: 7.
            context.Journal.Hold("removing the snapshot");
            warnings.Take(access.Warnings);
            await access.DisposeAsync();
            warnings.Take(access.Warnings);
        }
    }

    private static async Task<IBackupAccess> OpenAccessAsync(
        BackupWork work, RestorePoint? parent, IConnector connector, Warnings warnings, WorkContext context, CancellationToken cancellationToken)
    {
        var hooks = new CommandHooks(connector, work.MachineUuid, work.Environment, context);
        bool isOpen = false;
        IBackupAccess? access = null;
        try
        {
            if (work.Before is { } before)
            {
                await hooks.RunAsync(before, "before", cancellationToken);
            }

            context.Enter("creating the snapshot");
            access = await connector.OpenBackupAsync(OpeningOf(work, parent, context), cancellationToken);
            isOpen = true;
        }
        finally
        {
            if (work.After is { } after)
            {
                await RunAfterAsync(hooks, after, warnings, cancellationToken);
            }
        }

        if (isOpen && cancellationToken.IsCancellationRequested)
        {
            await access!.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }

        return access!;
    }

    /// <summary>It undoes what the one before did, so it runs even when all is cancelled, then not for long. Its failure costs no backup.</summary>
    private static async Task RunAfterAsync(CommandHooks hooks, CommandHook after, Warnings warnings, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource();
        using CancellationTokenRegistration registration = cancellationToken.Register(() => limit.CancelAfter(CancelledHookTimeMax));
        try
        {
            await hooks.RunAsync(after, "after", limit.Token);
        }
        catch (VProtectException e)
        {
            warnings.Add(e.Message);
        }
        catch (OperationCanceledException)
        {
            warnings.Add("The command after the snapshot was stopped: the backup was cancelled.");
        }
    }

    private static BackupOpening OpeningOf(BackupWork work, RestorePoint? parent, WorkContext context)
    {
        QuiesceMode quiesce = Quiescing.Of(work.Quiesce);
        Dictionary<string, ParentDisk> parents = work.IsFull || parent is null
            ? []
            : parent.MachineDisks.ToDictionary(disk => disk.Name, disk => new ParentDisk(parent.Id, disk.SizeBytes, disk.Token), StringComparer.Ordinal);
        return new BackupOpening(context.TaskGuid, work.MachineUuid, work.ExcludedDisks.ToHashSet(StringComparer.Ordinal), quiesce, parents)
        {
            Destination = work.Repository.Guid,
        };
    }

    private static async Task<RestorePoint> CopyAsync(
        BackupWork work, SharedRepository shared, RestorePoint? parent, IBackupAccess access, Warnings warnings, WorkContext context,
        CancellationToken cancellationToken)
    {
        warnings.Take(access.Warnings);
        if (access.Disks.Count == 0)
        {
            throw new VProtectException(
                ErrorCode.SourceUnavailable, ErrorSide.Source, "The machine has no disk that can be backed up.",
                "Look which disks are excluded, and why the others cannot be read.");
        }

        context.Enter("opening disks");
        await using var sources = new OpenedDisks();
        foreach (BackupAccessDisk disk in access.Disks)
        {
            IBlockSource source = await NamingAsync(disk.Id, () => BlockSourceFactory.OpenAsync(disk.Endpoint, DiskNames.Of(disk), cancellationToken).AsTask());
            sources.Add(disk.Id, new RatedSource(source, context.BackupRate));
        }

        var counters = new BackupCounters();
        context.Journal.Follow(() => (counters.Step, new Amounts(counters.DoneBytes, counters.TotalBytes, counters.StoredBytes)));
        var request = new BackupRequest
        {
            Machine = work.History,
            Disks = sources.Disks,
            Parent = parent?.Id,
            Compare = work.IsFull,
            Label = work.MachineName,
            Documents = [.. access.Documents.Select(document => new PointDocument(document.Name, document.MediaType, document.Content))],
            OnWarning = warnings.Add,
        };
        var options = new BackupOptions { BufferBytes = context.Options.BufferBytes, ReserveBytes = work.Repository.ReserveBytes };
        try
        {
            return await new BackupPipeline(shared.Chunks, options, counters, context.Time).RunAsync(request, cancellationToken);
        }
        catch (VProtectException e) when (counters.Disk is { } disk && e.Side == ErrorSide.Source)
        {
            throw DiskNames.Name(e, disk);
        }
    }

    private static async Task<T> NamingAsync<T>(string disk, Func<Task<T>> open)
    {
        try
        {
            return await open();
        }
        catch (VProtectException e)
        {
            throw DiskNames.Name(e, disk);
        }
    }

    private static async Task TellCommittedAsync(IBackupAccess access, Warnings warnings, WorkContext context)
    {
        context.Journal.Hold("telling the platform");
        using var limit = new CancellationTokenSource(CommittedTimeMax);
        try
        {
            await access.CommittedAsync(limit.Token);
        }
        catch (Exception e) when (e is VProtectException or OperationCanceledException)
        {
            // The restore point stands. The next backup finds that the platform's record does not belong to it.
            warnings.Add($"The platform could not note that the backup is done, so the next one reads everything: {e.Message}");
        }
    }

    private static BackupResult? FindCommitted(PointListing listing, WorkContext context)
    {
        if (context.CheckpointOf(Committed) is not { } record)
        {
            return null;
        }

        try
        {
            BackupResult? result = JsonSerializer.Deserialize(record, NodeJson.Default.BackupResult);
            return listing.Points.Any(point => point.Id == result?.PointId) ? result : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static BackupResult ResultOf(RestorePoint point, IReadOnlyList<BackupAccessDisk> disks, IReadOnlyList<string> warnings) => new(
        point.Id, point.CreatedAt,
        [.. point.MachineDisks.Select(disk => ResultDisks.Of(disk, disks.First(other => other.Id == disk.Name).Name))],
        warnings);

    private sealed class OpenedDisks : IAsyncDisposable
    {
        private readonly List<BackupDisk> _disks = [];

        public IReadOnlyList<BackupDisk> Disks => _disks;

        public void Add(string name, IBlockSource source) => _disks.Add(new BackupDisk(name, source));

        public async ValueTask DisposeAsync()
        {
            foreach (BackupDisk disk in _disks)
            {
                await disk.Source.DisposeAsync();
            }
        }
    }
}
