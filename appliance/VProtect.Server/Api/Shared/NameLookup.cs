using VProtect.Catalog.Sql;

namespace VProtect.Server.Api.Shared;

/// <summary>Names of the rows that the objects of a page refer to: one query for each table.</summary>
internal sealed class NameLookup
{
    private readonly IReadOnlyDictionary<Guid, string> _names;

    private NameLookup(IReadOnlyDictionary<Guid, string> names)
    {
        _names = names;
    }

    /// <summary>The reference to a row; null for none.</summary>
    public NameAndGuid? this[Guid? guid] => guid is { } known ? Of(known) : null;

    public static async Task<NameLookup> OfAsync<TRow>(EntityTable<TRow> table, IEnumerable<Guid?> guids, CancellationToken cancellationToken)
        where TRow : class, IEntity
    {
        Guid[] known = [.. guids.OfType<Guid>().Distinct()];
        return new NameLookup(known.Length == 0 ? new Dictionary<Guid, string>() : await table.NamesAsync(known, cancellationToken));
    }

    public NameAndGuid Of(Guid guid) => new(guid, _names.GetValueOrDefault(guid));
}
