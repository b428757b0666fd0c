using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;
using VProtect.Server.Mounts;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Asks again for what a task that failed or was cancelled was to do. The task stays as it is; another one is made.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>The permission that asking for such a task takes.</summary>
    /// <param name="task">The task; of two halves the one that leads.</param>
    /// <param name="mount">The mount it is about, if there is one.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.TaskImpossible"/>: the appliance makes it by itself, or it is only asked for anew.</exception>
    public static string PermissionToRetry(CatalogTask task, MountSettings? mount) => task.Type switch
    {
        TaskType.Export => Permission.TasksBackup,
        TaskType.Restore when TaskParameters.Of(task).Files is not null => Permission.TasksRestoreFiles,
        TaskType.Restore when TaskParameters.Of(task).Step is null => Permission.TasksRestore,
        TaskType.Mount when mount?.Boot is not null => Permission.TasksRestore,
        TaskType.Unmount when TaskParameters.Of(task).KeepsMachine => Permission.TasksRestore,
        TaskType.Mount or TaskType.Unmount => Permission.TasksMount,
        TaskType.FileRestore => Permission.TasksRestore,
        TaskType.Snapshot => Permission.TasksSnapshot,
        TaskType.InventorySync => Permission.TasksInventory,
        TaskType.Verify or TaskType.Collect or TaskType.ApplianceBackup => Permission.TasksUpkeep,
        TaskType.Delete => Permission.BackupsDelete,
        _ => throw NotAgain(TaskParameters.Of(task)),
    };

    /// <summary>Queues the work of a task once more.</summary>
    /// <param name="transaction">Where.</param>
    /// <param name="task">It has ended without success; of two halves the one that leads.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.TaskUnfit"/>: it has not failed. <see cref="ErrorCode.TaskImpossible"/>: nobody asks for such a task, or what it was about is gone.
    /// </exception>
    public async Task<IReadOnlyList<CatalogTask>> RetryAsync(
        CatalogTransaction transaction, CatalogTask task, TaskOrigin origin, CancellationToken cancellationToken)
    {
        if (task.State is not (TaskState.Failed or TaskState.Cancelled))
        {
            throw new VProtectException(
                ErrorCode.TaskUnfit, ErrorSide.Request, $"The task is {task.State.ToString().ToLowerInvariant()}.", "Only what failed or was cancelled is done once more.");
        }

        TaskParameters parameters = TaskParameters.Of(task);
        var request = new PlainRequest { Priority = task.Priority, RetryCount = parameters.RetryCount };
        return (task.Type, parameters) switch
        {
            (TaskType.Export, _) => await BackUpAgainAsync(transaction, task, origin, cancellationToken),
            (TaskType.Restore, { Files: { } files }) => [await RestoreAsync(
                transaction,
                new RestoreRequest { Point = task.RestorePointGuid!.Value, Files = files, Disks = parameters.Disks ?? [], Node = task.NodeGuid, Priority = task.Priority, RetryCount = parameters.RetryCount },
                origin,
                cancellationToken)],
            (TaskType.Restore, { Import: { } import, Step: null }) => [await RestoreAndImportAsync(
                transaction,
                new ImportRequest
                {
                    Point = task.RestorePointGuid!.Value,
                    Source = task.SourceGuid,
                    Hypervisor = task.HypervisorGuid,
                    Overwrites = import.OverwriteUuid is not null,
                    Import = import,
                    Disks = parameters.Disks ?? [],
                    Priority = task.Priority,
                    RetryCount = parameters.RetryCount,
                },
                origin,
                cancellationToken)],
            (TaskType.Mount, { Mount: { } mount }) => [await MountAgainAsync(transaction, mount, request, origin, cancellationToken)],
            (TaskType.Unmount, { Mount: { } mount }) => [await UnmountAsync(
                transaction,
                new UnmountRequest
                {
                    Mount = mount,
                    Commits = parameters.Commits,
                    Label = parameters.Label,
                    KeepsMachine = parameters.KeepsMachine,
                    StorageUuid = parameters.StorageUuid,
                    Priority = task.Priority,
                    RetryCount = parameters.RetryCount,
                },
                origin,
                cancellationToken)],
            (TaskType.FileRestore, { Mount: { } mount, GuestFiles: { } files }) => [await RestoreFilesAsync(
                transaction,
                new FileRestoreRequest { Mount = mount, Machine = task.MachineGuid, Files = files, Priority = task.Priority, RetryCount = parameters.RetryCount },
                origin,
                cancellationToken)],
            (TaskType.Snapshot, { Snapshots: [var snapshot, ..] }) => await SnapshotAsync(
                transaction,
                new SnapshotRequest
                {
                    Machines = [task.MachineGuid!.Value],
                    Name = (await transaction.Snapshots.FindAsync(snapshot, cancellationToken))?.Name,
                    Rule = task.RuleGuid is { } rule && await transaction.Rules.FindAsync(rule, cancellationToken) is not null ? rule : null,
                    Schedule = task.ScheduleGuid,
                    Priority = task.Priority,
                },
                origin,
                cancellationToken),
            (TaskType.InventorySync, _) => [await InventorySyncAsync(transaction, task.SourceGuid!.Value, request, origin, cancellationToken)],
            (TaskType.Verify, _) => [await VerifyAsync(
                transaction,
                new VerifyRequest
                {
                    Destination = task.DestinationGuid!.Value,
                    SamplePercent = parameters.SamplePercent,
                    BytesPerSecondMax = parameters.BytesPerSecondMax,
                    Priority = task.Priority,
                    RetryCount = parameters.RetryCount,
                },
                origin,
                cancellationToken)],
            (TaskType.Collect, _) => [await CollectAsync(transaction, task.DestinationGuid!.Value, request, origin, cancellationToken)],
            (TaskType.ApplianceBackup, _) => [await ApplianceBackupAsync(transaction, task.DestinationGuid!.Value, task.NodeGuid!.Value, request, origin, cancellationToken)],
            (TaskType.Delete, { Points: { Count: > 0 } points }) => await DeleteAsync(transaction, points, request, origin, cancellationToken),
            _ => throw NotAgain(parameters),
        };
    }

    /// <summary>A backup for the same rule, to the same destination alone; without a rule that is gone by now.</summary>
    private async Task<IReadOnlyList<CatalogTask>> BackUpAgainAsync(CatalogTransaction transaction, CatalogTask task, TaskOrigin origin, CancellationToken cancellationToken)
    {
        var request = new ExportRequest
        {
            Machines = [task.MachineGuid!.Value],
            BackupType = task.BackupType ?? BackupType.Incremental,
            Destination = task.DestinationGuid,
            Schedule = task.ScheduleGuid,
            Priority = task.Priority,
        };
        Rule? rule = task.RuleGuid is { } guid ? await transaction.Rules.FindAsync(guid, cancellationToken) : null;
        RuleDestination? to = rule is null ? null : (await transaction.RuleDestinations.OfRulesAsync([rule.Guid], cancellationToken))
            .FirstOrDefault(one => one.Active && one.DestinationGuid == task.DestinationGuid);
        if (to is null)
        {
            return await ExportAsync(transaction, request, origin, cancellationToken);
        }

        var run = new RuleRun(await transaction.Policies.GetAsync(rule!.PolicyGuid, cancellationToken), [to]);
        var rows = new BackupRows();
        Add(rows, (await MachinesAsync(transaction, request.Machines, cancellationToken))[0], run, request, origin);
        await rows.InsertAsync(transaction, isMany: false, cancellationToken);
        return rows.Exports;
    }

    /// <summary>A mount that failed is set up again as it was asked for; its end comes as much later as it was asked for.</summary>
    private async Task<CatalogTask> MountAgainAsync(CatalogTransaction transaction, Guid guid, TaskRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Mount mount = await transaction.Mounts.FindAsync(guid, cancellationToken) ?? throw NotAgain("The mount is no longer there: mount the backup again.");
        if (mount.State != MountState.Failed)
        {
            throw NotAgain($"The mount is {mount.State.ToString().ToLowerInvariant()}: look at it first.");
        }

        RestorePoint point = await RestorableAsync(transaction, mount.RestorePointGuid, cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        mount = mount with { State = MountState.Mounting, UnmountAt = mount.UnmountAt <= now ? now + (mount.UnmountAt - mount.CreatedAt) : mount.UnmountAt };
        return await QueueMountAsync(
            transaction, mount, point, await transaction.Machines.GetAsync(point.MachineGuid, cancellationToken), request, origin, isNew: false, cancellationToken);
    }

    private static VProtectException NotAgain(TaskParameters parameters) =>
        NotAgain(parameters.Step is null ? "Ask for it anew where it began; what the appliance does by itself it does again." : "Run its recovery plan again.");

    private static VProtectException NotAgain(string guidance) => new(ErrorCode.TaskImpossible, ErrorSide.Request, "The task cannot be done once more.", guidance);
}
