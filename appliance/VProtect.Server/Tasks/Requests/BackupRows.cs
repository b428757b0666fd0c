using VProtect.Catalog;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Requests;

/// <summary>Rows of backups that are asked for together; written in the order in which they refer to each other.</summary>
internal sealed class BackupRows
{
    public List<Workflow> Workflows { get; } = [];

    public List<RestorePoint> Points { get; } = [];

    public List<CatalogTask> Stores { get; } = [];

    /// <summary>Each is linked to the store with the same place in its list.</summary>
    public List<CatalogTask> Exports { get; } = [];

    public async Task InsertAsync(CatalogTransaction transaction, bool isMany, CancellationToken cancellationToken)
    {
        await AddAsync(transaction.Workflows, Workflows, isMany, cancellationToken);
        await AddAsync(transaction.RestorePoints, Points, isMany, cancellationToken);
        await AddAsync(transaction.Tasks, Stores, isMany, cancellationToken);
        await AddAsync(transaction.Tasks, Exports, isMany, cancellationToken);
        await transaction.Tasks.TieHalvesAsync(Exports.Count == 0 ? default : Exports[0].CreatedAt, cancellationToken);
    }

    private static async Task AddAsync<TRow>(EditableTable<TRow> table, List<TRow> rows, bool isMany, CancellationToken cancellationToken)
        where TRow : class, IEntity
    {
        if (isMany)
        {
            await table.InsertManyAsync(rows, cancellationToken);
            return;
        }

        foreach (TRow row in rows)
        {
            await table.InsertAsync(row, cancellationToken);
        }
    }
}
