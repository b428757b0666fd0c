using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Recovery;
using VProtect.Server.Api.Shared;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Recovery;

namespace VProtect.Server.Api.Recovery;

/// <summary>What clients write → a recovery plan that can run.</summary>
internal static class RecoveryWriting
{
    private const int StepsMax = 1000;
    private const long DelayMax = 7L * 24 * 3600 * 1000;

    /// <summary>The plan with what is sent.</summary>
    /// <exception cref="InvalidFieldException">Something is wrong; it names the field.</exception>
    public static async Task<RecoveryPlan> AppliedAsync(
        CatalogSession session, RecoveryPlan before, RecoveryPlanRequest request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Guid? destination = request.BackupDestination is { } wanted ? wanted.Guid == Guid.Empty ? null : wanted.Guid : before.DestinationGuid;
        if (destination is { } guid && guid != before.DestinationGuid)
        {
            await session.Destinations.GetAsync(guid, cancellationToken);
        }

        RecoveryPlan plan = before with
        {
            Name = TextField.Name("name", before.Name, request.Name),
            Description = TextField.Applied("description", before.Description, request.Description) ?? "",
            Active = request.Active ?? before.Active,
            GoesOnAfterFailure = request.ContinueAfterFailure ?? before.GoesOnAfterFailure,
            DestinationGuid = destination,
            Cron = TextField.Applied("cron", before.Cron, request.Cron, lengthMax: 200),
            TimeZone = request.TimeZone ?? before.TimeZone,
            TenantId = TextField.Applied("tenantId", before.TenantId, request.TenantId, lengthMax: 255),
            Steps = request.Steps is null ? before.Steps : RecoveryStep.ToJson(await StepsAsync(session, request.Steps, cancellationToken)),
        };
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(plan.TimeZone, out _))
        {
            throw new InvalidFieldException("timeZone", $"'{plan.TimeZone}' is not a known time zone.", "Send an IANA name, for example 'Europe/Warsaw' or 'UTC'.");
        }

        return plan with { NextRunAt = RecoverySchedule.Of(plan)?.Times.Next(now) };
    }

    private static async Task<List<RecoveryStep>> StepsAsync(
        CatalogSession session, IReadOnlyList<RecoveryStepView> steps, CancellationToken cancellationToken)
    {
        if (steps.Count > StepsMax)
        {
            throw new InvalidFieldException("steps", "There are too many.", $"Send at most {StepsMax}.");
        }

        List<RecoveryStep> checkedSteps = [];
        foreach ((int index, RecoveryStepView step) in steps.Index())
        {
            checkedSteps.Add(await StepAsync(session, $"steps[{index}]", step, cancellationToken));
        }

        return checkedSteps;
    }

    private static async Task<RecoveryStep> StepAsync(CatalogSession session, string field, RecoveryStepView step, CancellationToken cancellationToken)
    {
        Machine machine = await session.Machines.GetAsync(step.VirtualMachine.Required($"{field}.virtualMachine"), cancellationToken);
        if (step.StartDelay is < 0 or > DelayMax)
        {
            throw new InvalidFieldException($"{field}.startDelay", "It is out of range.", "Send milliseconds from 0 to 7 days.");
        }

        if (step.Hypervisor is { } host)
        {
            await session.Hypervisors.GetAsync(host.Guid, cancellationToken);
        }

        if (step.HypervisorManager is { } manager)
        {
            await session.HypervisorManagers.GetAsync(manager.Guid, cancellationToken);
        }

        if (step.Overwrite == true && (step.Hypervisor is not null || step.HypervisorManager is not null || step.RestoredPeName is { Length: > 0 }))
        {
            throw new InvalidFieldException($"{field}.overwrite", "What is overwritten keeps its place and name.", "Leave host, manager and name out, or do not overwrite.");
        }

        var networks = new Dictionary<int, Guid>();
        foreach ((int place, RestoredNetwork card) in (step.RestoredNetworks ?? []).Index())
        {
            Network network = await session.Networks.GetAsync(card.Network.Required($"{field}.restoredNetworks[{place}].network"), cancellationToken);
            networks[card.NetworkInterfaceCard ?? place] = network.Guid;
        }

        return new RecoveryStep
        {
            Machine = machine.Guid,
            MachineName = machine.Name,
            StartDelay = step.StartDelay ?? 0,
            Hypervisor = step.Hypervisor?.Guid,
            HypervisorManager = step.HypervisorManager?.Guid,
            Storage = TextField.Applied($"{field}.restoreStorageId", before: null, step.RestoreStorageId, lengthMax: 255),
            Networks = networks.Count == 0 ? null : networks,
            Name = TextField.Applied($"{field}.restoredPeName", before: null, step.RestoredPeName, lengthMax: 200),
            Overwrites = step.Overwrite == true,
            IsPreallocated = step.RestoredDiskAllocationFormat == DiskAllocation.Preallocated,
            PowersOn = step.PowerOnAfterRestore == true,
        };
    }
}
