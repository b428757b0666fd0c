using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Server.Api.Shared;
using VProtect.Server.Policies;

namespace VProtect.Server.Api.Policies;

/// <summary>Policies and rules as clients see them, with the names of all they refer to: a query for each table, not for each policy.</summary>
internal sealed class PolicyShowing
{
    private readonly NameLookup _destinations;
    private readonly NameLookup _schedules;
    private readonly NameLookup _clusters;
    private readonly NameLookup _mailingLists;
    private readonly NameLookup _appliances;
    private readonly ILookup<Guid, (Guid Machine, string Name)> _machines;

    private PolicyShowing(
        NameLookup destinations, NameLookup schedules, NameLookup clusters, NameLookup mailingLists, NameLookup appliances,
        ILookup<Guid, (Guid Machine, string Name)> machines)
    {
        _destinations = destinations;
        _schedules = schedules;
        _clusters = clusters;
        _mailingLists = mailingLists;
        _appliances = appliances;
        _machines = machines;
    }

    public static async Task<PolicyShowing> OfAsync(CatalogSession session, IReadOnlyList<PolicyConfig> configs, CancellationToken cancellationToken)
    {
        RuleConfig[] rules = [.. configs.SelectMany(config => config.Rules)];
        return new PolicyShowing(
            await NameLookup.OfAsync(
                session.Destinations, rules.SelectMany(rule => rule.Destinations).Select(destination => (Guid?)destination.DestinationGuid), cancellationToken),
            await NameLookup.OfAsync(session.Schedules, rules.SelectMany(rule => rule.Schedules).Select(schedule => (Guid?)schedule), cancellationToken),
            await NameLookup.OfAsync(session.HypervisorClusters, configs.SelectMany(config => config.Clusters).Select(cluster => (Guid?)cluster), cancellationToken),
            await NameLookup.OfAsync(session.MailingLists, configs.Select(config => config.Policy.MailingListGuid), cancellationToken),
            await NameLookup.OfAsync(session.Nodes, configs.Select(config => config.Policy.ApplianceGuid), cancellationToken),
            await session.Policies.MachineNamesAsync([.. configs.Select(config => config.Policy.Guid)], cancellationToken));
    }

    /// <summary>A policy; its rules whole when <paramref name="isExtended"/>.</summary>
    public PolicyView View(PolicyConfig config, bool isExtended)
    {
        Policy policy = config.Policy;
        (PolicyQuiesce quiesce, PolicyCommandView? before, PolicyCommandView? after) = PolicyCommands.Of(policy.Settings);
        return new PolicyView(
            policy.Guid,
            policy.Name,
            policy.Description,
            policy.Active,
            policy.Priority,
            [.. _machines[policy.Guid].Select(machine => new NameAndGuid(machine.Machine, machine.Name))],
            [.. config.Rules.OrderBy(rule => rule.Rule.Position).Select(rule => View(rule, policy, isExtended))],
            policy.AutoRemoveNonPresent,
            new AutoAssignView(
                policy.AutoAssignMode,
                Values(config, PolicyMatchKind.IncludeTag),
                Values(config, PolicyMatchKind.ExcludeTag),
                Values(config, PolicyMatchKind.IncludeRegExp),
                Values(config, PolicyMatchKind.ExcludeRegExp),
                [.. config.Clusters.Select(_clusters.Of)]),
            policy.FailExportThreshold,
            policy.FailStoreThreshold,
            policy.RetryCount,
            (long)policy.RetryDelay.TotalMilliseconds,
            policy.DailyReport,
            _mailingLists[policy.MailingListGuid],
            Duration.In(policy.Rpo),
            config.TimeZone,
            policy.TenantId,
            quiesce,
            before,
            after,
            _appliances[policy.ApplianceGuid]);
    }

    /// <summary>A rule.</summary>
    public RuleView View(RuleConfig config, Policy policy, bool isExtended)
    {
        Rule rule = config.Rule;
        return new RuleView(
            rule.Guid,
            rule.Name,
            rule.Active,
            rule.Position,
            new NameAndGuid(policy.Guid, policy.Name),
            isExtended ? [.. config.Schedules.Select(_schedules.Of)] : null,
            isExtended && policy.Kind == PolicyKind.VmBackup
                ? new RuleDestinationsView(View(config, DestinationRole.Primary), View(config, DestinationRole.Secondary))
                : null,
            rule.RetentionVersions,
            rule.RetentionDays);
    }

    private RuleDestinationView? View(RuleConfig rule, DestinationRole role) => rule.Destinations.FirstOrDefault(one => one.Role == role) is not { } destination
        ? null
        : new RuleDestinationView(
            destination.Active,
            role,
            _destinations.Of(destination.DestinationGuid),
            destination.LockDays,
            new RetentionView(
                destination.KeepLastFull,
                Duration.In(destination.KeepFullNewerThan),
                destination.KeepLastIncremental,
                Duration.In(destination.KeepIncrementalNewerThan),
                destination.KeepLastWhilePresent,
                destination.KeepLast,
                destination.KeepHourly,
                destination.KeepDaily,
                destination.KeepWeekly,
                destination.KeepMonthly,
                destination.KeepYearly));

    private static List<string> Values(PolicyConfig config, PolicyMatchKind kind) =>
        [.. config.Matches.Where(match => match.Kind == kind).Select(match => match.Value)];
}
