using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Catalog.Views;
using VProtect.Server.Access;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Shared;
using VProtect.Server.Mounts;
using VProtect.Server.Scheduling;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Tasks;

/// <summary>Asks for work. Each answers with the tasks that were made; with <c>Idempotency-Key</c> a repetition makes nothing.</summary>
internal static partial class TaskCreationApi
{
    private const int NameMax = 200;

    private static readonly string[] Formats = ["raw", "qcow2", "vmdk", "vhdx", "vhd"];

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder tasks = api.MapGroup("/tasks").WithTags("tasks")
            .WithMetadata(new TakesIdempotencyKey(), new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(List<TaskView>), ["application/json"]));
        tasks.MapPost("/export", ExportAsync).Describe("Backs machines up, to one destination or as rules of policies say; with rules and no machines, all machines of their policies.", Permission.TasksBackup, 400, 404, 422);
        tasks.MapPost("/restore", RestoreAsync).Describe("Restores disks to files on a node.", Permission.TasksRestoreFiles, 400, 404, 409, 422);
        tasks.MapPost("/restore-and-import", ImportAsync).Describe("Restores a machine to a platform.", Permission.TasksRestore, 400, 404, 409, 422);
        tasks.MapPost("/vm-snapshot", SnapshotAsync).Describe("Takes snapshots that stay on the platform.", Permission.TasksSnapshot, 400, 404, 422);
        tasks.MapPost("/snapshot-reversion", RevertAsync).Describe("Takes a machine back to a snapshot.", Permission.TasksSnapshot, 400, 404, 422);
        tasks.MapPost("/inventory-sync", SyncAsync).Describe("Reads the inventory of platforms; of all when none is named.", Permission.TasksInventory, 400, 404, 422);
        tasks.MapPost("/delete", DeleteAsync).Describe("Removes backups.", Permission.BackupsDelete, 400, 404, 409, 422);
        tasks.MapPost("/verify", VerifyAsync).Describe("Reads and checks what a destination stores.", Permission.TasksUpkeep, 400, 404, 422);
        tasks.MapPost("/appliance-backup", ApplianceBackupAsync).Describe(
            "Keeps a copy of the appliance itself, with its secrets, in an encrypted destination: 'vprotect recover' makes an appliance of it.", Permission.TasksUpkeep, 400, 404, 422);
        tasks.MapPost("/collect", CollectAsync).Describe("Frees space of what no backup needs.", Permission.TasksUpkeep, 400, 404, 422);
        foreach (string name in (string[])["mount", "restore-and-mount"])
        {
            tasks.MapPost("/" + name, MountAsync).Describe(
                "Serves the disks of a backup over NBD or iSCSI, at once and read-only or with writes kept apart, until they are unmounted.", Permission.TasksMount, 400, 404, 409, 422);
        }

        tasks.MapPost("/boot", BootAsync).Describe(
            "Starts a machine from a backup at once: it runs on the backup's disks, with writes kept apart, until it is kept, committed or discarded by an unmount.", Permission.TasksRestore, 400, 404, 409, 422);
        tasks.MapPost("/unmount", UnmountAsync).Describe(
            "Ends a mount; what was written to it is discarded, or becomes the machine's next backup. A machine that runs on it is removed, or kept.", Permission.TasksMount, 400, 404, 409, 422);
        tasks.MapPost("/{guid:guid}/retry", RetryAsync).Describe(
            "Asks again for what a task that failed or was cancelled was to do; takes the permission that asking for it took.", Permission.TasksRead, 404, 409, 422);
    }

    private static Task<IResult> ExportAsync(ExportBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        if (TaskBodyChecks.NameOf(body.ProtectedEntityType) is { } type && type is not ("VM" or "VIRTUAL_MACHINE"))
        {
            throw TaskBodyChecks.NotServed($"Backup of {type}", "Send VM.");
        }

        Guid[] rules = [.. (body.Rules ?? []).Select(rule => rule.Guid).Distinct()];
        bool isWholePolicy = rules.Length > 0 && body.ProtectedEntities is null or [];
        ExportRequest request = new ExportRequest
        {
            Machines = isWholePolicy ? [] : body.ProtectedEntities.Required("protectedEntities"),
            BackupType = body.BackupType ?? BackupType.Incremental,
            Destination = body.BackupDestination?.Guid,
            Rules = rules,
        }.With(body);
        TaskOrigin origin = TaskOrigin.Of(context);
        return AnswerAsync(
            context,
            body,
            "tasks.export",
            transaction => isWholePolicy
                ? PolicyRuns.ExportAsync(transaction, requests, request, origin, cancellationToken)
                : requests.ExportAsync(transaction, request, origin, cancellationToken),
            cancellationToken);
    }

    private static Task<IResult> RestoreAsync(RestoreBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        Guid point = body.Backup.Required("backup");
        string directory = InvalidFieldException.RequireExact("restorePath", body.RestorePath, lengthMax: 4096);
        if (!Path.IsPathFullyQualified(directory) || directory.Any(char.IsControl))
        {
            throw new InvalidFieldException("restorePath", "It is no absolute path.", "Send the path of a directory on the node, for example /restore/web1.");
        }

        string format = body.Format?.ToLowerInvariant() ?? "raw";
        if (!Formats.Contains(format))
        {
            throw new InvalidFieldException("format", $"'{format}' is not known.", $"Use one of: {string.Join(", ", Formats)}.");
        }

        bool isSparse = body.RestoredDiskAllocationFormat != DiskAllocation.Preallocated;
        RestoreRequest request = new RestoreRequest { Point = point, Files = new FilesParameters(directory, format, isSparse), Node = body.Node?.Guid }.With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.restore",
            async transaction => [await requests.RestoreAsync(
                transaction, request with { Disks = await DisksAsync(transaction, point, body.TaskFiles, cancellationToken) }, TaskOrigin.Of(context), cancellationToken)],
            cancellationToken);
    }

    private static Task<IResult> ImportAsync(ImportBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        Guid point = body.Backup.Required("backup");
        if (body.RestoredPeName is { Length: > NameMax })
        {
            throw new InvalidFieldException("restoredPeName", "It is too long.", $"Send at most {NameMax} characters.");
        }

        ImportRequest request = new ImportRequest
        {
            Point = point,
            Source = body.HypervisorManager?.Guid,
            Hypervisor = body.Hypervisor?.Guid,
            Overwrites = body.Overwrite == true,
        }.With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.restore-and-import",
            async transaction => [await requests.RestoreAndImportAsync(
                transaction,
                request with
                {
                    Disks = await DisksAsync(transaction, point, body.TaskFiles, cancellationToken),
                    Import = await PlaceAsync(transaction, body, cancellationToken),
                },
                TaskOrigin.Of(context),
                cancellationToken)],
            cancellationToken);
    }

    private static Task<IResult> SnapshotAsync(SnapshotBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        SnapshotRequest request = new SnapshotRequest
        {
            Machines = body.ProtectedEntities.Required("protectedEntities"),
            Name = body.Name is null ? null : InvalidFieldException.RequireText("name", body.Name, NameMax),
            Rule = body.Rule?.Guid,
        }.With(body);
        return AnswerAsync(
            context, body, "tasks.vm-snapshot", transaction => requests.SnapshotAsync(transaction, request, TaskOrigin.Of(context), cancellationToken), cancellationToken);
    }

    private static Task<IResult> RevertAsync(SnapshotReversionBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        Guid snapshot = body.Snapshot.Required("snapshot");
        TaskRequest request = new PlainRequest().With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.snapshot-reversion",
            async transaction => [await requests.RevertAsync(transaction, snapshot, request, TaskOrigin.Of(context), cancellationToken)],
            cancellationToken);
    }

    private static Task<IResult> SyncAsync(InventorySyncBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        TaskRequest request = new PlainRequest().With(body);
        List<NameAndGuid?> named = [body.Hypervisor, body.HypervisorManager, .. body.Hypervisors ?? [], .. body.HypervisorManagers ?? []];
        return AnswerAsync(
            context,
            body,
            "tasks.inventory-sync",
            async transaction =>
            {
                List<Guid> sources = [.. named.OfType<NameAndGuid>().Select(source => source.Guid).Distinct()];
                if (sources.Count == 0)
                {
                    sources = await Sources.AllAsync(transaction, cancellationToken);
                }

                var tasks = new List<CatalogTask>();
                foreach (Guid source in sources)
                {
                    tasks.Add(await requests.InventorySyncAsync(transaction, source, request, TaskOrigin.Of(context), cancellationToken));
                }

                return tasks;
            },
            cancellationToken);
    }

    private static Task<IResult> DeleteAsync(DeleteBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        IReadOnlyList<NameAndGuid> named = body.Backup is { } one ? [one, .. body.Backups ?? []] : body.Backups ?? [];
        IReadOnlyList<Guid> points = named.Required("backups");
        TaskRequest request = new PlainRequest().With(body);
        return AnswerAsync(
            context, body, "tasks.delete", transaction => requests.DeleteAsync(transaction, points, request, TaskOrigin.Of(context), cancellationToken), cancellationToken);
    }

    private static Task<IResult> VerifyAsync(VerifyBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        TaskBodyChecks.Between("samplePercent", body.SamplePercent, 1, 100);
        TaskBodyChecks.Between("bytesPerSecondMax", body.BytesPerSecondMax, 1, long.MaxValue);
        VerifyRequest request = new VerifyRequest
        {
            Destination = body.BackupDestination.Required("backupDestination"),
            SamplePercent = body.SamplePercent ?? 100,
            BytesPerSecondMax = body.BytesPerSecondMax,
        }.With(body);
        return AnswerAsync(
            context, body, "tasks.verify", async transaction => [await requests.VerifyAsync(transaction, request, TaskOrigin.Of(context), cancellationToken)], cancellationToken);
    }

    private static Task<IResult> ApplianceBackupAsync(
        ApplianceBackupBody body, HttpContext context, TaskRequests requests, LiveSettings settings, LocalNode node, CancellationToken cancellationToken)
    {
        TaskRequest request = new PlainRequest().With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.appliance-backup",
            async transaction =>
            {
                Guid destination = body.BackupDestination?.Guid ?? (await ApplianceBackupTimes.DestinationAsync(transaction, settings.Current, cancellationToken))?.Guid
                    ?? throw new InvalidFieldException("backupDestination", "There is no destination that is encrypted.", "Make one: a copy of the appliance holds its secrets.");
                return [await requests.ApplianceBackupAsync(transaction, destination, node.Guid, request, TaskOrigin.Of(context), cancellationToken)];
            },
            cancellationToken);
    }

    private static Task<IResult> CollectAsync(CollectBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        Guid destination = body.BackupDestination.Required("backupDestination");
        TaskRequest request = new PlainRequest().With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.collect",
            async transaction => [await requests.CollectAsync(transaction, destination, request, TaskOrigin.Of(context), cancellationToken)],
            cancellationToken);
    }

    private static async Task<IResult> RetryAsync(Guid guid, HttpContext context, CatalogDatabase catalog, TaskRequests requests, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        CatalogTask task;
        string permission;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            task = await session.Tasks.GetAsync(guid, cancellationToken);
            if (task is { Type: TaskType.Store or TaskType.Import, LinkedTaskGuid: { } leader })
            {
                task = await session.Tasks.GetAsync(leader, cancellationToken);
            }

            TaskParameters parameters = TaskParameters.Of(task);
            MountSettings? mount = parameters.Mount is { } of && await session.Mounts.FindAsync(of, cancellationToken) is { } row ? MountSettings.Of(row) : null;
            permission = TaskRequests.PermissionToRetry(task, mount);
            if (task.Type == TaskType.Mount && mount?.Chap is not null)
            {
                caller.RequireToHave([Permission.InventoryCredentials]);
            }
        }

        // What may be asked for again is what may be asked for: the part of the catalog in which that is so.
        using IDisposable? limit = caller.May(permission) ? null : CatalogView.Limit(caller.ViewFor(permission) ?? throw new VProtectException(
            ErrorCode.Forbidden, ErrorSide.Request, $"This needs the permission '{permission}'.", "Ask an administrator for a role that has it."));
        return await AnswerAsync(
            context, guid, "tasks.retry", transaction => requests.RetryAsync(transaction, task, TaskOrigin.Of(context), cancellationToken), cancellationToken);
    }

    private static Task<IResult> AnswerAsync<TBody>(
        HttpContext context, TBody body, string action, Func<CatalogTransaction, Task<IReadOnlyList<CatalogTask>>> make, CancellationToken cancellationToken) =>
        IdempotentRequest.RunAsync(
            context,
            body,
            StatusCodes.Status201Created,
            async transaction =>
            {
                IReadOnlyList<CatalogTask> tasks = await make(transaction);
                List<TaskView> views = await TaskViews.OfAsync(transaction, tasks, cancellationToken);
                await AuditTrail.AppendAsync(
                    transaction, context, action, "tasks", tasks.Count == 1 ? tasks[0].Guid : null, tasks.Count == 1 ? null : $"{tasks.Count} tasks", cancellationToken);
                return views;
            },
            cancellationToken);

    /// <summary>Disks by their ids in the restore point, from the backup files that a client names.</summary>
    private static async Task<IReadOnlyList<string>> DisksAsync(
        CatalogSession session, Guid point, IReadOnlyList<NameAndGuid>? files, CancellationToken cancellationToken)
    {
        if (files is null or [])
        {
            return [];
        }

        IReadOnlyList<RestorePointDisk> disks = (await session.RestorePointDisks.ListAsync(point, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        return
        [
            .. files.Select(file => disks.FirstOrDefault(disk => disk.Guid == file.Guid)?.DeviceId
                ?? throw new InvalidFieldException("taskFiles", $"{file.Guid} is no file of this backup.", "List them with GET /api/backup-files?backup=.")),
        ];
    }

    private static async Task<ImportParameters> PlaceAsync(CatalogSession session, ImportBody body, CancellationToken cancellationToken) => new()
    {
        Name = body.RestoredPeName,
        StorageUuid = await StorageAsync(session, body.RestoreStorageId, cancellationToken),
        Networks = await NetworksAsync(session, body.RestoredNetworks, cancellationToken),
        IsPreallocated = body.RestoredDiskAllocationFormat == DiskAllocation.Preallocated,
        PowersOn = body.PowerOnAfterRestore == true,
    };

    /// <summary>A storage by the platform's identity, from ours or that.</summary>
    private static async Task<string?> StorageAsync(CatalogSession session, string? storage, CancellationToken cancellationToken) =>
        Guid.TryParse(storage, out Guid ours) && await session.HypervisorStorages.FindAsync(ours, cancellationToken) is { } row ? row.Uuid : storage;

    /// <summary>Networks by the platform's identity and the position of the card; null for none.</summary>
    private static async Task<Dictionary<int, string>?> NetworksAsync(CatalogSession session, IReadOnlyList<RestoredNetwork>? wanted, CancellationToken cancellationToken)
    {
        var networks = new Dictionary<int, string>();
        foreach ((int place, RestoredNetwork one) in (wanted ?? []).Index())
        {
            Network network = await session.Networks.GetAsync(one.Network.Required($"restoredNetworks[{place}].network"), cancellationToken);
            networks[one.NetworkInterfaceCard ?? place] = network.Uuid;
        }

        return networks.Count == 0 ? null : networks;
    }
}
