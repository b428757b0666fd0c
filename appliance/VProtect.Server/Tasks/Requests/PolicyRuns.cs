using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Runs of rules for all machines of their policies, when a user asks.</summary>
internal static class PolicyRuns
{
    private const int ChunkSize = 1000;

    /// <summary>Backs up the machines of the policies of these rules that their platforms still have.</summary>
    public static async Task<IReadOnlyList<CatalogTask>> ExportAsync(
        CatalogTransaction transaction, TaskRequests requests, ExportRequest request, TaskOrigin origin, CancellationToken cancellationToken)
    {
        var tasks = new List<CatalogTask>();
        foreach (Guid guid in request.Rules)
        {
            Rule rule = await transaction.Rules.GetAsync(guid, cancellationToken);
            List<Guid> machines = await MachinesAsync(transaction, rule.PolicyGuid, cancellationToken);
            tasks.AddRange(await requests.ExportAsync(transaction, request with { Machines = machines, Rules = [guid] }, origin, cancellationToken));
        }

        return tasks;
    }

    private static async Task<List<Guid>> MachinesAsync(CatalogSession session, Guid policy, CancellationToken cancellationToken)
    {
        List<Guid> machines = [];
        foreach (PolicyMachine[] some in (await session.Policies.MachinesAsync(policy, cancellationToken)).Chunk(ChunkSize))
        {
            IReadOnlyList<Machine> found = await session.Machines.FindManyAsync([.. some.Select(link => link.MachineGuid)], cancellationToken);
            machines.AddRange(found.Where(machine => machine.Present && (machine.HypervisorManagerGuid ?? machine.HypervisorGuid) is not null)
                .Select(machine => machine.Guid));
        }

        return machines;
    }
}
