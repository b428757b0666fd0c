using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Recovery;

/// <summary>What a step of a recovery plan would do now.</summary>
/// <param name="Step">The step.</param>
/// <param name="Machine">The machine; null when it is gone.</param>
/// <param name="Point">Its newest good restore point where the plan looks; null for none.</param>
/// <param name="Host">The host that is asked for.</param>
/// <param name="Problem">Why it cannot be done, with what to do about it; null when it can.</param>
internal sealed record ResolvedStep(RecoveryStep Step, Machine? Machine, RestorePoint? Point, Hypervisor? Host, string? Problem)
{
    /// <summary>Looks a step up in the catalog.</summary>
    public static async Task<ResolvedStep> OfAsync(CatalogSession session, RecoveryPlan plan, RecoveryStep step, CancellationToken cancellationToken)
    {
        Machine? machine = await session.Machines.FindAsync(step.Machine, cancellationToken);
        if (machine is null)
        {
            return new ResolvedStep(step, Machine: null, Point: null, Host: null, $"The machine {step.MachineName} is not in the catalog any more. Take it out of the plan.");
        }

        RestorePoint? point = (await session.RestorePoints.GoodOfMachineAsync(machine.Guid, cancellationToken: cancellationToken))
            .FirstOrDefault(good => good.RepositoryPointId is not null && (plan.DestinationGuid is null || good.DestinationGuid == plan.DestinationGuid));
        Hypervisor? host = step.Hypervisor is { } guid ? await session.Hypervisors.FindAsync(guid, cancellationToken) : null;
        bool isTargetGone = (step.Hypervisor is not null && host is null)
            || (step.HypervisorManager is { } manager && await session.HypervisorManagers.FindAsync(manager, cancellationToken) is null);
        bool isHomeless = step is { Hypervisor: null, HypervisorManager: null } && (machine.HypervisorManagerGuid ?? machine.HypervisorGuid) is null;
        string? problem = (point, isTargetGone, isHomeless) switch
        {
            (null, _, _) when plan.DestinationGuid is null => $"The machine {machine.Name} has no good backup. Back it up.",
            (null, _, _) => $"The machine {machine.Name} has no good backup in the destination of the plan. Back it up there.",
            (_, true, _) => $"The platform that {machine.Name} is to be restored to is not in the catalog any more. Choose another one in the plan.",
            (_, _, true) => $"The platform of {machine.Name} is not known any more. Say in the plan where it is restored to.",
            _ when step.Overwrites && !machine.Present => $"The machine {machine.Name} is not there to be overwritten. Restore it as a new one.",
            _ => null,
        };
        return new ResolvedStep(step, machine, point, host, problem);
    }
}
