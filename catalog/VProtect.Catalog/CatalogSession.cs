using System.Data.Common;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog;

/// <summary>
/// A view of the catalog at one instant: every query of a session sees the same state. For one caller at a time. Dispose it soon:
/// while a session is open, SQLite's log cannot be cut and PostgreSQL keeps old rows.
/// </summary>
public partial class CatalogSession : IAsyncDisposable
{
    private readonly RentedConnection _rented;
    private bool _returned;

    internal CatalogSession(ConnectionSource source, RentedConnection rented, TimeProvider time)
    {
        Source = source;
        _rented = rented;
        Time = time;
    }

    internal ConnectionSource Source { get; }

    internal Dialect Dialect => Source.Dialect;

    internal TimeProvider Time { get; }

    /// <summary>The transaction that this session is; fails when it can only read, which is a bug of the caller.</summary>
    internal CatalogTransaction Writer =>
        this as CatalogTransaction ?? throw new InvalidOperationException("Only a transaction can write: use BeginAsync.");

    private protected DbTransaction Transaction => _rented.Transaction;

    /// <summary>Ends the session. What a transaction has not committed is undone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_returned)
        {
            _returned = true;
            await _rented.ReturnAsync();
        }

        GC.SuppressFinalize(this);
    }

    internal async Task<int> ExecuteAsync(SqlText sql, CancellationToken cancellationToken)
    {
        await using DbCommand command = CommandOf(sql);
        try
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(Dialect, Source.Place, exception);
        }
    }

    internal async Task<List<T>> QueryAsync<T>(SqlText sql, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using DbCommand command = CommandOf(sql);
        try
        {
            List<T> rows = [];
            await using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(read(reader));
            }

            return rows;
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(Dialect, Source.Place, exception);
        }
    }

    /// <summary>The first column of the first row as a number; null when there is no row or it is null.</summary>
    internal async Task<long?> NumberAsync(SqlText sql, CancellationToken cancellationToken)
    {
        List<long?> rows = await QueryAsync(sql, row => row.IsDBNull(0) ? (long?)null : Convert.ToInt64(row.GetValue(0), null), cancellationToken);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>The first rows that refer to something.</summary>
    /// <param name="selects">Selections of guid and name, by the table that they are from.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal async Task<IReadOnlyList<CatalogUse>> UsesAsync(IReadOnlyDictionary<string, SqlText> selects, CancellationToken cancellationToken)
    {
        const int shown = 5;
        List<CatalogUse> uses = [];
        foreach ((string table, SqlText select) in selects)
        {
            uses.AddRange(await QueryAsync(
                $"{select} ORDER BY 2, 1 LIMIT {shown}", row => new CatalogUse(table, Guid.ParseExact(row.GetString(0), "D"), row.GetString(1)), cancellationToken));
        }

        return uses;
    }

    /// <summary>A command of this session with the statement and its values in it; the caller disposes it.</summary>
    internal DbCommand CommandOf(SqlText sql)
    {
        DbCommand command = _rented.Connection.CreateCommand();
        command.Transaction = _rented.Transaction;
        command.CommandText = sql.Render((name, value) =>
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        });
        return command;
    }
}
