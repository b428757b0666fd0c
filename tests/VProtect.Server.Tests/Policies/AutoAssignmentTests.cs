using VProtect.Catalog.Policies;
using VProtect.Server.Policies;
using static VProtect.Server.Tests.Policies.PolicyConfigs;

namespace VProtect.Server.Tests.Policies;

public sealed class AutoAssignmentTests
{
    private static readonly PolicyModel Gold = ByTag("gold", 80, AutoAssignMode.AssignAndRemove);
    private static readonly PolicyModel Silver = ByTag("silver", 60, AutoAssignMode.AssignAndRemove);
    private static readonly PolicyModel Sticky = ByTag("sticky", 40, AutoAssignMode.AssignOnly);
    private static readonly PolicyModel Closed = ByTag("closed", 90, AutoAssignMode.Disabled);
    private static readonly PolicyModel[] All = [Sticky, Silver, Gold, Closed];

    [Theory]
    [InlineData("", "", "")]
    [InlineData("silver", "", "+silver")]
    [InlineData("silver gold sticky", "", "+gold")]
    [InlineData("closed", "", "")]
    [InlineData("closed sticky", "", "+sticky")]
    [InlineData("gold silver", "silver", "")]
    [InlineData("gold", "silver", "-silver+gold")]
    [InlineData("", "silver", "")]
    [InlineData("closed", "silver", "")]
    [InlineData("gold", "sticky", "")]
    [InlineData("gold", "closed", "")]
    [InlineData("gold", "silver!", "")]
    [InlineData("sticky", "gold silver", "-gold-silver+sticky")]
    [InlineData("sticky", "gold silver!", "")]
    public void A_machine_joins_stays_or_moves(string tags, string current, string expected)
    {
        MachineFacts machine = Machine(tags);

        Assert.Equal(expected, Text(AutoAssignment.Plan(All, [machine], Assigned(machine, current))));
    }

    [Fact]
    public void A_policy_that_is_not_active_takes_nobody() =>
        Assert.Equal("+silver", Text(AutoAssignment.Plan([Gold with { Active = false }, Silver], [Machine("gold silver")], [])));

    [Fact]
    public void A_machine_of_another_tenant_is_not_taken()
    {
        PolicyModel tenants = Gold with { TenantId = "blue" };

        Assert.Equal("", Text(AutoAssignment.Plan([tenants], [Machine("gold"), Machine("gold") with { TenantId = "red" }], [])));
        Assert.Equal("+gold", Text(AutoAssignment.Plan([tenants], [Machine("gold") with { TenantId = "blue" }], [])));
    }

    [Fact]
    public void A_machine_that_is_gone_leaves_only_policies_that_say_so()
    {
        MachineFacts gone = Machine("gold") with { Present = false };
        PolicyModel[] policies = [Gold with { AutoRemoveNonPresent = true }, Silver];

        Assert.Equal("-gold", Text(AutoAssignment.Plan(policies, [gone], Assigned(gone, "gold! silver"))));
        Assert.Equal("", Text(AutoAssignment.Plan(policies, [gone], [])));
    }

    [Fact]
    public void A_second_run_changes_nothing()
    {
        var random = new Random(4);
        string[] names = [.. All.Select(policy => policy.Name)];
        for (int round = 0; round < 500; round++)
        {
            MachineFacts machine = Machine(Some()) with { Present = random.Next(5) > 0 };
            List<PolicyMachine> assigned = Assigned(machine, Some());
            PolicyModel[] policies = [.. All.Select(policy => policy with { AutoRemoveNonPresent = random.Next(2) == 0 })];
            foreach (AssignmentChange change in AutoAssignment.Plan(policies, [machine], assigned))
            {
                assigned.RemoveAll(link => change.Leaves.Contains(link.PolicyGuid));
                assigned.AddRange(change.Joins is { } joined ? [Link(machine, joined, AssignmentSource.Auto)] : []);
            }

            Assert.Empty(AutoAssignment.Plan(policies, [machine], assigned));
        }

        string Some() => string.Join(' ', names.Where(_ => random.Next(3) == 0));
    }

    private static PolicyModel ByTag(string name, int priority, AutoAssignMode mode) =>
        Backup(name, priority).Auto(mode, (PolicyMatchKind.IncludeTag, name)).Valid();

    private static MachineFacts Machine(string tags) => new()
    {
        Guid = Guid.CreateVersion7(),
        Name = "web-1",
        Tags = tags.Split(' ', StringSplitOptions.RemoveEmptyEntries),
    };

    // "silver!" was put there by a user.
    private static List<PolicyMachine> Assigned(MachineFacts machine, string policies) =>
    [
        .. policies.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Link(
            machine,
            All.Single(policy => policy.Name == word.TrimEnd('!')).Guid,
            word.EndsWith('!') ? AssignmentSource.Manual : AssignmentSource.Auto)),
    ];

    private static PolicyMachine Link(MachineFacts machine, Guid policy, AssignmentSource by) => new()
    {
        PolicyGuid = policy,
        MachineGuid = machine.Guid,
        AssignedBy = by,
        AssignedAt = DateTimeOffset.UnixEpoch,
    };

    private static string Text(IReadOnlyList<AssignmentChange> changes) => string.Join(' ', changes.Select(change =>
        string.Concat(change.Leaves.Select(Name).Order(StringComparer.Ordinal).Select(name => "-" + name))
        + (change.Joins is { } joined ? "+" + Name(joined) : "")));

    private static string Name(Guid policy) => All.Single(candidate => candidate.Guid == policy).Name;
}
