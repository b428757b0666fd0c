using System.Data.Common;

namespace VProtect.Catalog.Sql;

/// <summary>Adds many rows of a table: one statement for a batch of rows, prepared once and given new values for each batch.</summary>
internal sealed class RowInserter<TRow>(CatalogTransaction transaction, TableMap<TRow> map)
    where TRow : class
{
    /// <summary>Both databases take more parameters than this (32766 and 65535); more rows in a statement gain nothing.</summary>
    private const int ValuesMax = 1000;

    public async Task InsertAsync(IEnumerable<TRow> rows, CancellationToken cancellationToken)
    {
        DbCommand? command = null;
        int prepared = 0;
        try
        {
            foreach (TRow[] batch in rows.Chunk(Math.Max(1, ValuesMax / map.Columns.Count)))
            {
                if (prepared != batch.Length)
                {
                    await (command?.DisposeAsync() ?? ValueTask.CompletedTask);
                    SqlText values = SqlText.Join(", ", batch.Select(row => SqlText.Of($"({map.Values(row)})")));
                    command = transaction.CommandOf($"INSERT INTO {map.Table} ({map.ColumnNames}) VALUES {values}");
                    prepared = batch.Length;
                }
                else
                {
                    int next = 0;
                    foreach (TRow row in batch)
                    {
                        foreach (Column<TRow> column in map.Columns)
                        {
                            command!.Parameters[next++].Value = column.Write(row) ?? DBNull.Value;
                        }
                    }
                }

                await command!.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(transaction.Dialect, transaction.Source.Place, exception);
        }
        finally
        {
            await (command?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }
}
