using System.Text.Json;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Policies;

/// <summary>Policies out of the catalog's rows.</summary>
internal static class PolicyReading
{
    /// <summary>All policies of a kind with their lists, rules, destinations and schedules, as they were written.</summary>
    public static async Task<IReadOnlyList<PolicyConfig>> AllAsync(CatalogSession session, PolicyKind kind, CancellationToken cancellationToken)
    {
        var policies = new List<PolicyConfig>();
        string? next = null;
        do
        {
            ListPage<Policy> page = await session.Policies.ListAsync(
                kind, tenant: null, new ListQuery { Size = ListQuery.SizeMax, After = next }, cancellationToken);
            policies.AddRange(await OfAsync(session, page.Rows, cancellationToken));
            next = page.Next;
        }
        while (next is not null);

        return policies;
    }

    /// <summary>These policies with all that belongs to them, as they were written, in the same order.</summary>
    public static async Task<IReadOnlyList<PolicyConfig>> OfAsync(
        CatalogSession session, IReadOnlyList<Policy> policies, CancellationToken cancellationToken)
    {
        Guid[] guids = [.. policies.Select(policy => policy.Guid)];
        ILookup<Guid, PolicyMatch> matches = (await session.Policies.MatchesAsync(guids, cancellationToken)).ToLookup(match => match.PolicyGuid);
        var configs = new List<PolicyConfig>();
        foreach (Policy policy in policies)
        {
            configs.Add(new PolicyConfig
            {
                Policy = policy,
                TimeZone = Zone(policy.Settings),
                Matches = [.. matches[policy.Guid]],
                Clusters = await session.Policies.ClustersAsync(policy.Guid, cancellationToken),
                Rules = await RulesAsync(session, policy.Guid, cancellationToken),
            });
        }

        return configs;
    }

    private static async Task<IReadOnlyList<RuleConfig>> RulesAsync(CatalogSession session, Guid policy, CancellationToken cancellationToken)
    {
        IReadOnlyList<Rule> rules = (await session.Rules.ListAsync(policy, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        Guid[] guids = [.. rules.Select(rule => rule.Guid)];
        ILookup<Guid, RuleDestination> destinations =
            (await session.RuleDestinations.OfRulesAsync(guids, cancellationToken)).ToLookup(destination => destination.RuleGuid);
        ILookup<Guid, Guid> schedules = await session.Rules.SchedulesAsync(guids, cancellationToken);
        return
        [
            .. rules.Select(rule => new RuleConfig
            {
                Rule = rule,
                Destinations = [.. destinations[rule.Guid]],
                Schedules = [.. schedules[rule.Guid]],
            }),
        ];
    }

    /// <summary>The zone is one of the settings that old clients do not know.</summary>
    internal static string Zone(string settings)
    {
        using var document = JsonDocument.Parse(settings);
        return document.RootElement.TryGetProperty("timeZone", out JsonElement zone) ? zone.GetString() ?? "UTC" : "UTC";
    }
}
