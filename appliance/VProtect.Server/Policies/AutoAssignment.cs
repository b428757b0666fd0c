using VProtect.Catalog.Policies;

namespace VProtect.Server.Policies;

/// <summary>Who joins and leaves which policy by itself. Pure: the catalog is changed by whoever asked.</summary>
/// <remarks>
/// For each machine, among the policies of one kind:
/// <list type="number">
/// <item>gone: it leaves those that remove what is gone, and joins none;</item>
/// <item>in no policy: it joins the active one of highest priority that lets machines join and matches;</item>
/// <item>in one that matches, in one that does not let machines leave, or put into one by a user: it stays;</item>
/// <item>else it moves to the one it would join. Is there none to join, it stays: a tag lost by
/// mistake must not cost the backup.</item>
/// </list>
/// </remarks>
internal static class AutoAssignment
{
    /// <summary>Plans the changes.</summary>
    /// <param name="policies">All policies of one kind.</param>
    /// <param name="machines">Machines to look at.</param>
    /// <param name="assigned">Who is in which policy; may hold other machines and policies of other kinds.</param>
    /// <returns>The machines for which something changes, in the order given. Applied, and asked again, it is empty.</returns>
    public static IReadOnlyList<AssignmentChange> Plan(
        IReadOnlyCollection<PolicyModel> policies, IReadOnlyCollection<MachineFacts> machines, IReadOnlyCollection<PolicyMachine> assigned)
    {
        Dictionary<Guid, PolicyModel> byGuid = policies.ToDictionary(policy => policy.Guid);
        PolicyModel[] open =
        [
            .. policies
                .Where(policy => policy.Active && policy.AutoAssignMode != AutoAssignMode.Disabled)
                .OrderByDescending(policy => policy.Priority).ThenBy(policy => policy.Guid),
        ];
        ILookup<Guid, (PolicyModel Policy, AssignmentSource By)> current = assigned
            .Where(link => byGuid.ContainsKey(link.PolicyGuid))
            .ToLookup(link => link.MachineGuid, link => (byGuid[link.PolicyGuid], link.AssignedBy));
        return
        [
            .. machines
                .Select(machine => Change(machine, [.. current[machine.Guid]], open))
                .Where(change => change.Joins is not null || change.Leaves.Count > 0),
        ];
    }

    private static AssignmentChange Change(
        MachineFacts machine, IReadOnlyList<(PolicyModel Policy, AssignmentSource By)> current, IReadOnlyList<PolicyModel> open)
    {
        if (!machine.Present)
        {
            return new AssignmentChange(
                machine.Guid, [.. current.Where(link => link.Policy.AutoRemoveNonPresent).Select(link => link.Policy.Guid)], Joins: null);
        }

        Guid? target = open.FirstOrDefault(policy => policy.Match(machine))?.Guid;
        if (current.Count == 0)
        {
            return new AssignmentChange(machine.Guid, [], target);
        }

        bool settled = current.Any(link =>
            link.By == AssignmentSource.Manual
            || link.Policy.AutoAssignMode != AutoAssignMode.AssignAndRemove
            || link.Policy.Match(machine));
        return settled || target is null
            ? new AssignmentChange(machine.Guid, [], Joins: null)
            : new AssignmentChange(machine.Guid, [.. current.Select(link => link.Policy.Guid)], target);
    }
}
