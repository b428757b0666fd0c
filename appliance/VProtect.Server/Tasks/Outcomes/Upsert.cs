using VProtect.Catalog.Sql;

namespace VProtect.Server.Tasks.Outcomes;

/// <summary>Brings the rows of one table and owner to what was found.</summary>
internal static class Upsert<TFound, TRow>
    where TRow : class, IEntity
{
    /// <param name="table">Table.</param>
    /// <param name="rows">Its rows of this owner.</param>
    /// <param name="found">What was found.</param>
    /// <param name="foundId">Identity on the platform of what was found.</param>
    /// <param name="rowId">The same of a row.</param>
    /// <param name="create">A new row.</param>
    /// <param name="change">A row as it should be now; equal to itself when nothing changed.</param>
    /// <param name="gone">A row of what is gone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Rows by their identity on the platform.</returns>
    public static async Task<Dictionary<string, Guid>> RunAsync(
        EditableTable<TRow> table, IReadOnlyList<TRow> rows, IReadOnlyList<TFound> found, Func<TFound, string> foundId, Func<TRow, string> rowId,
        Func<TFound, TRow> create, Func<TRow, TFound, TRow> change, Func<TRow, TRow> gone, CancellationToken cancellationToken)
    {
        Dictionary<string, TRow> known = rows.GroupBy(rowId, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.First(), StringComparer.Ordinal);
        var guids = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (TFound item in found)
        {
            string id = foundId(item);
            if (!known.Remove(id, out TRow? row))
            {
                row = create(item);
                await table.InsertAsync(row, cancellationToken);
            }
            else
            {
                await WriteAsync(table, row, change(row, item), cancellationToken);
            }

            guids[id] = row.Guid;
        }

        foreach (TRow row in known.Values)
        {
            await WriteAsync(table, row, gone(row), cancellationToken);
        }

        return guids;
    }

    private static async Task WriteAsync(EditableTable<TRow> table, TRow before, TRow after, CancellationToken cancellationToken)
    {
        if (!after.Equals(before))
        {
            await table.UpdateAsync(after, cancellationToken);
        }
    }
}
