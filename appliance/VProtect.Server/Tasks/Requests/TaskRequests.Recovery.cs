using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.Tasks;
using VProtect.Server.Recovery;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Runs of recovery plans: a workflow with a RESTORE for each step, each of which waits for the one before.</summary>
internal sealed partial class TaskRequests
{
    /// <summary>
    /// Queues a run of a plan. A step that cannot be done is queued all the same and fails with its reason when its turn comes, so that the report tells of every step.
    /// </summary>
    public async Task<Workflow> RecoverAsync(CatalogTransaction transaction, RecoveryPlan plan, TaskOrigin origin, CancellationToken cancellationToken)
    {
        Workflow workflow = WorkflowOf($"Recovery plan {plan.Name}", origin) with { RecoveryPlanGuid = plan.Guid };
        DateTimeOffset wall = TimeZoneInfo.ConvertTime(workflow.CreatedAt, TimeZoneInfo.FindSystemTimeZoneById(plan.TimeZone));
        await transaction.Workflows.InsertAsync(workflow, cancellationToken);
        CatalogTask? before = null;
        foreach ((int index, RecoveryStep step) in RecoveryStep.Of(plan).Index())
        {
            (CatalogTask task, StepParameters place) = await StepAsync(transaction, plan, workflow, step, wall, origin, cancellationToken);
            task = task with
            {
                DependsOnGuid = before?.Guid,
                NotBefore = before is null && step.StartDelay > 0 ? workflow.CreatedAt.AddMilliseconds(step.StartDelay) : null,
                Parameters = (TaskParameters.Of(task) with { Step = place with { Position = index + 1 } }).ToJson(),
            };
            await transaction.Tasks.InsertAsync(task, cancellationToken);
            before = task;
        }

        await transaction.Tasks.TieHalvesAsync(workflow.CreatedAt, cancellationToken);
        return workflow;
    }

    private static async Task<(CatalogTask Task, StepParameters Place)> StepAsync(
        CatalogTransaction transaction, RecoveryPlan plan, Workflow workflow, RecoveryStep step, DateTimeOffset wall, TaskOrigin origin,
        CancellationToken cancellationToken)
    {
        ResolvedStep resolved = await ResolvedStep.OfAsync(transaction, plan, step, cancellationToken);
        var place = new StepParameters(Position: 0, resolved.Machine?.Name ?? step.MachineName, step.StartDelay, plan.GoesOnAfterFailure, resolved.Problem);
        if (resolved is { Problem: null, Machine: { } machine, Point: { } point })
        {
            try
            {
                ImportRequest request = await RequestAsync(transaction, resolved, step.NameAt(machine.Name, wall), cancellationToken);
                return (await ImportOfAsync(transaction, workflow, machine, point, request, origin, cancellationToken), place);
            }
            catch (VProtectException impossible) when (impossible.Code == ErrorCode.TaskImpossible)
            {
                place = place with { Problem = $"{impossible.Message} {impossible.Guidance}" };
            }
        }

        CatalogTask failing = TaskOf(TaskType.Restore, new PlainRequest(), origin, workflow) with
        {
            MachineGuid = resolved.Machine?.Guid,
            RestorePointGuid = resolved.Point?.Guid,
            DestinationGuid = resolved.Point?.DestinationGuid,
        };
        return (failing, place);
    }

    private static async Task<ImportRequest> RequestAsync(CatalogSession session, ResolvedStep resolved, string? name, CancellationToken cancellationToken)
    {
        RecoveryStep step = resolved.Step;
        Dictionary<int, string>? networks = null;
        if (step.Networks is { Count: > 0 } wanted)
        {
            IReadOnlyList<Network> rows = await session.Networks.FindManyAsync([.. wanted.Values.Distinct()], cancellationToken);
            networks = wanted.ToDictionary(card => card.Key, card => rows.FirstOrDefault(row => row.Guid == card.Value)?.Uuid ?? "");
        }

        return new ImportRequest
        {
            Point = resolved.Point!.Guid,
            Source = step.HypervisorManager,
            Hypervisor = step.Hypervisor,
            Overwrites = step.Overwrites,
            Import = new ImportParameters
            {
                Name = name,
                StorageUuid = Guid.TryParse(step.Storage, out Guid ours) && await session.HypervisorStorages.FindAsync(ours, cancellationToken) is { } row
                    ? row.Uuid
                    : step.Storage,
                Networks = networks,
                IsPreallocated = step.IsPreallocated,
                PowersOn = step.PowersOn,
            },
        };
    }
}
