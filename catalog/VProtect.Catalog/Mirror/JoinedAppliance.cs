using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Mirror;

/// <summary>An appliance that joined this one. It is a node too, of the same guid, which has its name, certificate and last sign of life.</summary>
public sealed record JoinedAppliance : IEntity
{
    /// <summary>Identity: the node's.</summary>
    public required Guid Guid { get; init; }

    /// <summary>The feed that its rows here come from; null when none was begun. What comes from another is refused until it begins anew.</summary>
    public string? Feed { get; init; }

    /// <summary>Number of the batch of that feed that was taken last.</summary>
    public long Batch { get; init; }

    /// <summary>Rows that could not be taken, since that feed began: their guid is another's, or nobody could read them.</summary>
    public long Skipped { get; init; }

    /// <summary>When a batch was taken last.</summary>
    public DateTimeOffset? SyncedAt { get; init; }

    /// <summary>Grows by one with every change; the ETag.</summary>
    public long Version { get; init; } = 1;
}

/// <summary>Appliances that joined this one.</summary>
public sealed class JoinedApplianceTable : EditableTable<JoinedAppliance>
{
    internal const string Name = "appliances";
    private static readonly TableMap<JoinedAppliance> Rows = new(Name);

    internal JoinedApplianceTable(CatalogSession session)
        : base(session, Rows, ListShape.By("guid"))
    {
    }

    /// <summary>A page of those whose name contains the filter.</summary>
    public Task<ListPage<JoinedAppliance>> ListAsync(ListQuery query, CancellationToken cancellationToken) => PageAsync(
        string.IsNullOrEmpty(query.Filter)
            ? new SqlFilter()
            : new SqlFilter().Where("guid", $" IN (SELECT guid FROM nodes WHERE name_key LIKE {SqlFilter.Pattern(query.Filter)} ESCAPE '\\')"),
        query, cancellationToken);

    /// <summary>All, in the order in which they were added.</summary>
    public async Task<IReadOnlyList<JoinedAppliance>> AllAsync(CancellationToken cancellationToken) => await WhereAsync($"1 = 1 ORDER BY guid", cancellationToken);
}
