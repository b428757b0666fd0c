using VProtect.Catalog.Sql;

namespace VProtect.Server.Api.Shared;

/// <summary>Names of what the rows of a page refer to: a query for each table, whatever the number of rows.</summary>
internal sealed class Names
{
    private const int ChunkSize = 1000;
    private readonly Dictionary<Guid, string> _names = [];

    /// <summary>Adds the names of rows of a table.</summary>
    public async Task AddAsync<TRow>(EntityTable<TRow> table, IEnumerable<Guid?> guids, CancellationToken cancellationToken)
        where TRow : class, IEntity
    {
        foreach (Guid[] some in guids.OfType<Guid>().Distinct().Chunk(ChunkSize))
        {
            foreach ((Guid guid, string name) in await table.NamesAsync(some, cancellationToken))
            {
                _names[guid] = name;
            }
        }
    }

    /// <summary>A reference; its name is null when the object is gone.</summary>
    public NameAndGuid? Of(Guid? guid) => guid is { } known ? new NameAndGuid(known, _names.GetValueOrDefault(known)) : null;
}
