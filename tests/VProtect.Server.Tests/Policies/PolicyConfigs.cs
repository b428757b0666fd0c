using VProtect.Catalog.Policies;
using VProtect.Server.Policies;

namespace VProtect.Server.Tests.Policies;

/// <summary>Policies for tests, in few words.</summary>
internal static class PolicyConfigs
{
    public static PolicyConfig Backup(string name = "gold", int priority = 50, params Guid[] schedules)
    {
        var policy = new Policy { Name = name, Kind = PolicyKind.VmBackup, Priority = priority };
        var rule = new Rule { Name = "nightly", PolicyGuid = policy.Guid };
        return new PolicyConfig
        {
            Policy = policy,
            Rules = [new RuleConfig { Rule = rule, Destinations = [To(rule, DestinationRole.Primary)], Schedules = schedules }],
        };
    }

    public static PolicyConfig Snapshots(params Guid[] schedules)
    {
        var policy = new Policy { Name = "hourly", Kind = PolicyKind.VmSnapshot };
        var rule = new Rule { Name = "hourly", PolicyGuid = policy.Guid, RetentionVersions = 3, RetentionDays = 2 };
        return new PolicyConfig { Policy = policy, Rules = [new RuleConfig { Rule = rule, Schedules = schedules }] };
    }

    public static PolicyConfig Auto(
        this PolicyConfig config, AutoAssignMode mode, params (PolicyMatchKind Kind, string Value)[] lists) => config with
        {
            Policy = config.Policy with { AutoAssignMode = mode },
            Matches = [.. lists.Select(entry => new PolicyMatch { PolicyGuid = config.Policy.Guid, Kind = entry.Kind, Value = entry.Value })],
        };

    public static RuleDestination To(Rule rule, DestinationRole role) => new()
    {
        RuleGuid = rule.Guid,
        Role = role,
        DestinationGuid = Guid.CreateVersion7(),
    };

    public static PolicyModel Valid(this PolicyConfig config) => PolicyValidation.Validate(config);
}
