using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Server.Validation;

namespace VProtect.Server.Policies;

/// <summary>
/// Applies <see cref="AutoAssignment"/> to the catalog: after an inventory was read, and after a policy was saved when its sender asks. A
/// policy that is not valid any more is left alone with its machines, and named in the log.
/// </summary>
internal sealed partial class AutoAssignmentRun(CatalogDatabase catalog, ILogger<AutoAssignmentRun> logger)
{
    /// <summary>Looks at all machines and policies of a kind.</summary>
    /// <returns>What was changed; all of it in one transaction.</returns>
    public async Task<IReadOnlyList<AssignmentChange>> RunAsync(PolicyKind kind, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        IReadOnlyList<PolicyConfig> configs = await PolicyReading.AllAsync(transaction, kind, cancellationToken);
        List<PolicyModel> policies = Valid(configs);
        HashSet<Guid> leftAlone = [.. configs.Select(config => config.Policy.Guid).Except(policies.Select(policy => policy.Guid))];
        var changes = new List<AssignmentChange>();
        string? next = null;
        do
        {
            ListPage<Machine> page = await transaction.Machines.ListAsync(
                new MachineFilter(), new ListQuery { Size = 1000, After = next }, cancellationToken);
            IReadOnlyList<PolicyMachine> assigned =
                await transaction.Policies.OfMachinesAsync([.. page.Rows.Select(machine => machine.Guid)], cancellationToken);
            HashSet<Guid> settled = [.. assigned.Where(link => leftAlone.Contains(link.PolicyGuid)).Select(link => link.MachineGuid)];
            Machine[] machines = [.. page.Rows.Where(machine => !settled.Contains(machine.Guid))];
            changes.AddRange(AutoAssignment.Plan(policies, await FactsAsync(transaction, machines, cancellationToken), assigned));
            next = page.Next;
        }
        while (next is not null);

        foreach (AssignmentChange change in changes)
        {
            await ApplyAsync(transaction, change, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return changes;
    }

    private static async Task ApplyAsync(CatalogTransaction transaction, AssignmentChange change, CancellationToken cancellationToken)
    {
        foreach (Guid policy in change.Leaves)
        {
            await transaction.Policies.UnassignAsync(policy, change.MachineGuid, cancellationToken);
        }

        if (change.Joins is { } joined)
        {
            await transaction.Policies.AssignAsync(joined, change.MachineGuid, AssignmentSource.Auto, cancellationToken);
        }
    }

    private static async Task<IReadOnlyList<MachineFacts>> FactsAsync(
        CatalogSession session, IReadOnlyList<Machine> machines, CancellationToken cancellationToken)
    {
        ILookup<Guid, string> tags = await session.Machines.TagsAsync([.. machines.Select(machine => machine.Guid)], cancellationToken);
        return
        [
            .. machines.Select(machine => new MachineFacts
            {
                Guid = machine.Guid,
                Name = machine.Name,
                Present = machine.Present,
                Tags = tags[machine.Guid].ToHashSet(StringComparer.Ordinal),
                ClusterGuid = machine.ClusterGuid,
                TenantId = machine.TenantId,
            }),
        ];
    }

    private List<PolicyModel> Valid(IReadOnlyList<PolicyConfig> configs)
    {
        var policies = new List<PolicyModel>();
        foreach (PolicyConfig config in configs)
        {
            try
            {
                policies.Add(PolicyValidation.Validate(config));
            }
            catch (InvalidFieldsException wrong)
            {
                Log.LeftAlone(logger, config.Policy.Name, config.Policy.Guid, wrong.Message);
            }
        }

        return policies;
    }

    private static partial class Log
    {
        [LoggerMessage(5200, LogLevel.Warning, "Policy {Policy} ({PolicyGuid}) is not valid and takes no machines: {Problem}")]
        public static partial void LeftAlone(ILogger logger, string policy, Guid policyGuid, string problem);
    }
}
