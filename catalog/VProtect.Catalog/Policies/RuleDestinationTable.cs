using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Policies;

/// <summary>Destinations of rules, and what is kept there.</summary>
public sealed class RuleDestinationTable : EditableTable<RuleDestination>
{
    private static readonly TableMap<RuleDestination> Rows = new("rule_destinations");
    private static readonly ListShape Listed = ListShape.By("role");

    internal RuleDestinationTable(CatalogSession session)
        : base(session, Rows, Listed)
    {
    }

    /// <summary>A page of those that match.</summary>
    /// <param name="rule">Their rule; null any.</param>
    /// <param name="destination">The destination; null any.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ListPage<RuleDestination>> ListAsync(Guid? rule, Guid? destination, ListQuery query, CancellationToken cancellationToken)
    {
        SqlFilter filter = new SqlFilter()
            .Equal("rule_guid", rule)
            .Equal("destination_guid", destination);
        return PageAsync(filter, query, cancellationToken);
    }

    /// <summary>Destinations of these rules, the primary before the secondary.</summary>
    public async Task<IReadOnlyList<RuleDestination>> OfRulesAsync(IReadOnlyCollection<Guid> rules, CancellationToken cancellationToken) =>
        await WhereAsync($"rule_guid IN {rules} ORDER BY rule_guid, role", cancellationToken);
}
