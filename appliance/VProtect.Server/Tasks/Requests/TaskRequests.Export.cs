using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Backups. One workflow for each machine, with an EXPORT and its STORE for each destination; the restore point exists from now on.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>From so many machines on listeners are told that tables changed, not which rows.</summary>
    private const int FewMax = 50;

    /// <summary>Queues backups.</summary>
    /// <returns>The EXPORT tasks: for each machine one for each destination, a primary before its secondary.</returns>
    public async Task<IReadOnlyList<CatalogTask>> ExportAsync(
        CatalogTransaction transaction, ExportRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        List<RuleRun> runs = request.Rules.Count == 0
            ? [new RuleRun(Policy: null, [await DestinationAsync(transaction, request.Destination, cancellationToken)])]
            : await RulesAsync(transaction, request.Rules, cancellationToken);
        var rows = new BackupRows();
        foreach (Machine machine in await MachinesAsync(transaction, request.Machines, cancellationToken))
        {
            foreach (RuleRun run in runs)
            {
                Add(rows, machine, run, request, origin);
            }
        }

        await rows.InsertAsync(transaction, rows.Workflows.Count > FewMax, cancellationToken);
        return rows.Exports;
    }

    private void Add(BackupRows rows, Machine machine, RuleRun run, ExportRequest request, TaskOrigin origin)
    {
        Workflow workflow = WorkflowOf($"Backup of {machine.Name}", origin, machine.Guid) with { PolicyGuid = run.Policy?.Guid, ScheduleGuid = request.Schedule };
        rows.Workflows.Add(workflow);
        CatalogTask? before = null;
        BackupType type = machine.NextBackupFull ? BackupType.Full : request.BackupType;
        foreach (RuleDestination to in run.Destinations)
        {
            var point = new RestorePoint
            {
                MachineGuid = machine.Guid,
                DestinationGuid = to.DestinationGuid,
                Type = type,
                CreatedAt = workflow.CreatedAt,
                LockedUntil = to.LockDays > 0 ? workflow.CreatedAt.AddDays(to.LockDays) : null,
                PolicyGuid = run.Policy?.Guid,
                RuleGuid = run.Policy is null ? null : to.RuleGuid,
                Role = run.Policy is null ? null : to.Role,
            };
            TaskRequest asked = request with { Priority = request.Priority ?? run.Policy?.Priority };
            CatalogTask export = TaskOf(TaskType.Export, asked, origin, workflow, new TaskParameters
            {
                RetryCount = run.Policy?.RetryCount ?? 0,
                RetryDelay = (long)(run.Policy?.RetryDelay.TotalMilliseconds ?? 0),
            }) with
            {
                HypervisorGuid = machine.HypervisorGuid,
                SourceGuid = SourceOf(machine),
                RestorePointGuid = point.Guid,
                BackupType = type,
                DestinationGuid = to.DestinationGuid,
                RuleGuid = point.RuleGuid,
                TenantId = machine.TenantId,
                DependsOnGuid = before?.Guid,
            };

            // A half is never claimed: it counts for no source and has no window of its own.
            CatalogTask store = export with
            {
                Guid = Guid.CreateVersion7(),
                Type = TaskType.Store,
                SourceGuid = null,
                WindowStart = null,
                WindowEnd = null,
                DependsOnGuid = null,
            };
            export = export with { LinkedTaskGuid = store.Guid };
            rows.Points.Add(point);
            rows.Stores.Add(store);
            rows.Exports.Add(export);
            before = export;
        }
    }

    private static async Task<IReadOnlyList<Machine>> MachinesAsync(CatalogSession session, IReadOnlyList<Guid> guids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<Guid, Machine>();
        foreach (Guid[] chunk in guids.Distinct().Chunk(1000))
        {
            foreach (Machine machine in await session.Machines.FindManyAsync(chunk, cancellationToken))
            {
                found[machine.Guid] = machine;
            }
        }

        return
        [
            .. guids.Distinct().Select(guid => found.GetValueOrDefault(guid) switch
            {
                null => throw new VProtectException(ErrorCode.CatalogNotFound, ErrorSide.Request, $"There is no machine {guid}.", "List the machines again."),
                { Present: false } gone => throw new VProtectException(
                    ErrorCode.TaskImpossible, ErrorSide.Request, $"Its platform no longer has the machine {gone.Name}.", "Leave it out, or read the inventory again."),
                { } machine => machine,
            }),
        ];
    }

    private static async Task<RuleDestination> DestinationAsync(CatalogSession session, Guid? destination, CancellationToken cancellationToken)
    {
        Guid guid = destination is { } named
            ? (await session.Destinations.GetAsync(named, cancellationToken)).Guid
            : (await session.Destinations.FindDefaultAsync(cancellationToken))?.Guid ?? throw new VProtectException(
                ErrorCode.TaskImpossible, ErrorSide.Request, "No backup destination is named and there is no default one.", "Name one in 'backupDestination'.");
        return new RuleDestination { RuleGuid = Guid.Empty, Role = DestinationRole.Primary, DestinationGuid = guid };
    }

    private static async Task<List<RuleRun>> RulesAsync(CatalogSession session, IReadOnlyList<Guid> rules, CancellationToken cancellationToken)
    {
        var runs = new List<RuleRun>();
        ILookup<Guid, RuleDestination> destinations = (await session.RuleDestinations.OfRulesAsync(rules, cancellationToken))
            .Where(destination => destination.Active).ToLookup(destination => destination.RuleGuid);
        foreach (Guid guid in rules.Distinct())
        {
            Rule rule = await session.Rules.GetAsync(guid, cancellationToken);
            if (!destinations[guid].Any())
            {
                throw new VProtectException(
                    ErrorCode.TaskImpossible, ErrorSide.Request, $"The rule {rule.Name} has no active destination.", "Give it one.");
            }

            runs.Add(new RuleRun(await session.Policies.GetAsync(rule.PolicyGuid, cancellationToken), [.. destinations[guid]]));
        }

        return runs;
    }

    /// <param name="Policy">Policy of the rule; null without one.</param>
    /// <param name="Destinations">Where to, in this order.</param>
    private sealed record RuleRun(Policy? Policy, IReadOnlyList<RuleDestination> Destinations);
}
