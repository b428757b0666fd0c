using System.Data.Common;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Views;

namespace VProtect.Catalog;

/// <summary>
/// A view of the catalog at one instant: every query of a session sees the same state. For one caller at a time. Dispose it soon:
/// while a session is open, SQLite's log cannot be cut and PostgreSQL keeps old rows.
/// </summary>
public partial class CatalogSession : IAsyncDisposable
{
    private readonly RentedConnection _rented;
    private readonly SqlText? _part;
    private readonly bool _isOwn;
    private bool _returned;

    internal CatalogSession(ConnectionSource source, RentedConnection rented, TimeProvider time)
    {
        Source = source;
        _rented = rented;
        Time = time;
        View = CatalogView.Current;
        _part = View is { } view ? ViewSql.With(view, Dialect.Whole) : null;
        _isOwn = View is null && source.HasOthers && !CatalogView.SeesOthers;
    }

    internal ConnectionSource Source { get; }

    internal Dialect Dialect => Source.Dialect;

    internal TimeProvider Time { get; }

    /// <summary>The part of the catalog that this session sees; null all of it.</summary>
    internal CatalogView? View { get; }

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

    /// <summary>Whether a row is in what this session sees. The table's name stands in our code.</summary>
    public async Task<bool> SeesAsync(string table, Guid guid, CancellationToken cancellationToken) =>
        await NumberAsync($"SELECT 1 FROM {SqlText.Raw(table)} WHERE guid = {guid}", cancellationToken) is not null;

    /// <summary>
    /// What limits a statement on many rows to those that this session sees: <c>AND guid IN (…)</c>, or nothing. At most 30,000 at once: a statement of SQLite has
    /// no more than 32,766 values.
    /// </summary>
    internal async Task<SqlText> OnlySeenAsync(string table, SqlText condition, CancellationToken cancellationToken)
    {
        if (View is null)
        {
            return SqlText.Raw("");
        }

        List<Guid> seen = await QueryAsync(
            $"SELECT guid FROM {SqlText.Raw(table)} WHERE {condition} ORDER BY guid LIMIT 30000", row => Guid.ParseExact(row.GetString(0), "D"), cancellationToken);
        return $" AND guid IN {seen}";
    }

    /// <summary>Runs a statement as it is: what it changes is not limited to what this session sees, which is for the caller to see to.</summary>
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

    /// <summary>Rows of a SELECT, of what this session sees.</summary>
    internal async Task<List<T>> QueryAsync<T>(SqlText sql, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        SqlText? part = _isOwn ? ViewSql.Own(Dialect.Whole, sql) : _part;
        await using DbCommand command = CommandOf(part is null ? sql : SqlText.Join("", [part, sql]));
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
