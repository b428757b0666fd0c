using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Policies.Retention;
using VProtect.Server.Scheduling;
using Ending = VProtect.Catalog.Tasks.TaskOutcome;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>EXPORT, which leads its STORE: a machine's disks become a restore point.</summary>
internal sealed class BackupKind(References references, RpoTerms rpo, RetentionRun retention, TimeProvider time) : TaskKind
{
    /// <summary>The reserved disk that holds the machine's documents: no disk of the machine.</summary>
    public const string DocumentsDisk = "@documents";

    /// <inheritdoc/>
    public override IReadOnlyList<TaskType> Types => [TaskType.Export];

    /// <inheritdoc/>
    public override bool IsHarmlessTwice => true;

    /// <inheritdoc/>
    public override async Task<Work?> WorkAsync(CatalogTransaction transaction, CatalogTask task, CancellationToken cancellationToken)
    {
        RestorePoint point = await PointAsync(transaction, task, cancellationToken) ?? throw new VProtectException(
            ErrorCode.TaskImpossible, ErrorSide.Catalog, "The backup that this task was to make has been deleted.", "Ask for another backup.");
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        if (!machine.Present)
        {
            throw new VProtectException(
                ErrorCode.MachineNotFound, ErrorSide.Platform, $"Its platform no longer has the machine {machine.Name}.", "Take it out of its policies.");
        }

        Destination destination = await transaction.Destinations.GetAsync(point.DestinationGuid, cancellationToken);
        GuestCommands commands = await GuestCommands.OfAsync(transaction, references, machine, task.PolicyGuid, cancellationToken);
        IReadOnlyList<MachineDisk> disks = (await transaction.MachineDisks.ListAsync(machine.Guid, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        await transaction.RestorePoints.UpdateAsync(point with { State = RestorePointState.Running, StatusInfo = null }, cancellationToken);
        return new BackupWork
        {
            Platform = await references.PlatformAsync(transaction, task.SourceGuid ?? default, cancellationToken),
            MachineUuid = machine.Uuid,
            History = machine.Guid.ToString("D"),
            MachineName = machine.Name,
            Repository = await references.RepositoryAsync(transaction, destination, cancellationToken),
            IsFull = point.Type == BackupType.Full,
            ExcludedDisks = [.. disks.Where(disk => disk.Excluded).Select(disk => disk.DeviceId)],
            Quiesce = commands.Quiesce,
            Before = commands.Before,
            After = commands.After,
            Environment = GuestCommands.Environment(machine, destination, task),
        };
    }

    /// <inheritdoc/>
    public override async Task<string?> SucceededAsync(CatalogTransaction transaction, CatalogTask task, WorkResult? result, CancellationToken cancellationToken)
    {
        if (result is not BackupResult made || await PointAsync(transaction, task, cancellationToken) is not { } point)
        {
            return null;
        }

        IReadOnlyList<BackupResultDisk> disks = [.. made.Disks.Where(disk => disk.Id != DocumentsDisk)];

        // One that was asked to be full has read everything, also where what it read was compared with what is stored.
        bool isFull = point.Type == BackupType.Full || disks.All(disk => disk.Mode == "full");
        RestorePoint? before = isFull
            ? null
            : (await transaction.RestorePoints.GoodOfMachineAsync(point.MachineGuid, cancellationToken: cancellationToken)).FirstOrDefault(good => good.DestinationGuid == point.DestinationGuid);
        point = point with
        {
            RepositoryPointId = made.PointId,
            Type = isFull ? BackupType.Full : BackupType.Incremental,
            State = RestorePointState.Success,
            SnapshotAt = made.CreatedAt,
            FinishedAt = time.GetUtcNow(),
            SizeBytes = disks.Sum(disk => disk.SizeBytes),
            ChangedBytes = disks.Sum(disk => disk.ReadBytes),
            NewBytes = disks.Sum(disk => disk.NewBytes),
            StoredBytes = made.Disks.Sum(disk => disk.StoredBytes),
            BaseGuid = before?.Guid,
            Warnings = task.Warnings,
            StatusInfo = null,
        };
        await transaction.RestorePoints.UpdateAsync(point, cancellationToken);
        await PointDisks.InsertAsync(transaction, point, disks, cancellationToken);
        await transaction.Destinations.AddUseAsync(point.DestinationGuid, point.StoredBytes, point.SizeBytes, cancellationToken);
        await transaction.Machines.RecordBackupAsync(
            point.MachineGuid, point, await rpo.DueAtAsync(transaction, point.MachineGuid, point.CreatedAt, cancellationToken), cancellationToken);
        Machine machine = await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken);
        await retention.AfterBackupAsync(transaction, machine, cancellationToken);
        return null;
    }

    /// <inheritdoc/>
    public override async Task FailedAsync(CatalogTransaction transaction, CatalogTask task, Ending ending, CancellationToken cancellationToken)
    {
        if (await PointAsync(transaction, task, cancellationToken) is not { } point)
        {
            return;
        }

        point = point with
        {
            State = ending.State == TaskState.Cancelled ? RestorePointState.Cancelled : RestorePointState.Failed,
            FinishedAt = time.GetUtcNow(),
            Warnings = task.Warnings,
            StatusInfo = ending.StatusInfo,
        };
        await transaction.RestorePoints.UpdateAsync(point, cancellationToken);
        await transaction.Machines.RecordBackupAsync(point.MachineGuid, point, rpoDueAt: null, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task WaitsAgainAsync(CatalogTransaction transaction, CatalogTask task, string? reason, CancellationToken cancellationToken)
    {
        if (await PointAsync(transaction, task, cancellationToken) is { } point)
        {
            await transaction.RestorePoints.UpdateAsync(point with { State = RestorePointState.Pending, StatusInfo = reason }, cancellationToken);
        }
    }

    private static async Task<RestorePoint?> PointAsync(CatalogSession session, CatalogTask task, CancellationToken cancellationToken) =>
        task.RestorePointGuid is { } guid ? await session.RestorePoints.FindAsync(guid, cancellationToken) : null;
}
