using System.Data.Common;
using VProtect.Abstractions;
using VProtect.Catalog.Migrations;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog;

/// <summary>
/// The catalog of an appliance: what there is, what is to be done, what was done. Safe for any number of callers.
/// Read with <see cref="ReadAsync"/>, change with <see cref="BeginAsync"/>; both give a session with a property for every area.
/// </summary>
public sealed class CatalogDatabase : IAsyncDisposable
{
    private readonly ConnectionSource _source;
    private readonly TimeProvider _time;

    private CatalogDatabase(ConnectionSource source, TimeProvider time)
    {
        _source = source;
        _time = time;
    }

    /// <summary>Whether appliances have joined this one: whether there may be rows that are not its own.</summary>
    public bool HasOthers => _source.HasOthers;

    /// <summary>What this process commits, as it does.</summary>
    public CatalogChanges Changes { get; } = new();

    /// <summary>Opens the catalog, making it or bringing its schema up to date as need be.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="cancellationToken">Gives up; the schema is then as before.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.CatalogTooNew"/>, <see cref="ErrorCode.CatalogDamaged"/>, <see cref="ErrorCode.CatalogUnavailable"/>,
    /// <see cref="ErrorCode.InvalidArgument"/>.
    /// </exception>
    public static Task<CatalogDatabase> OpenAsync(CatalogOptions options, CancellationToken cancellationToken) =>
        OpenAsync(options, TimeProvider.System, cancellationToken);

    /// <summary>As <see cref="OpenAsync(CatalogOptions, CancellationToken)"/>, with the clock that rows are stamped by.</summary>
    public static async Task<CatalogDatabase> OpenAsync(CatalogOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        ConnectionSource source = options.Provider == CatalogProvider.Sqlite ? SqliteSource.Open(options) : PostgreSqlSource.Open(options);
        var database = new CatalogDatabase(source, time);
        try
        {
            await Migrator.RunAsync(database, MigrationSet.Embedded, cancellationToken);
            await using CatalogSession session = await database.ReadAsync(cancellationToken);
            source.HasOthers = await session.NumberAsync(SqlText.Raw("SELECT 1 FROM appliances"), cancellationToken) is not null;
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins reading: all queries of the session see the catalog as it is now.</summary>
    public async Task<CatalogSession> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new CatalogSession(_source, await _source.BeginReadAsync(cancellationToken), _time);
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(_source.Dialect, _source.Place, exception);
        }
    }

    /// <summary>Begins changing. With SQLite this waits until other changes of this process are done.</summary>
    public async Task<CatalogTransaction> BeginAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new CatalogTransaction(_source, await _source.BeginWriteAsync(cancellationToken), _time, Changes);
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(_source.Dialect, _source.Place, exception);
        }
    }

    /// <summary>
    /// Keeps all other servers of this catalog from changing the key of its secrets, until what is returned is disposed or this process ends. Of SQLite there is no other server: one
    /// process is to order its own callers.
    /// </summary>
    /// <returns>What holds it; null when another server does so at the moment.</returns>
    public async Task<IAsyncDisposable?> TryHoldKeyRotationAsync(CancellationToken cancellationToken)
    {
        CatalogSession session = await ReadAsync(cancellationToken);
        try
        {
            if (_source.Dialect.TryExclusiveUntilEnd(CatalogLock.KeyRotation) is not { } sql || await session.NumberAsync(SqlText.Raw(sql), cancellationToken) == 1)
            {
                return session;
            }
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        await session.DisposeAsync();
        return null;
    }

    /// <summary>
    /// Copies a SQLite catalog, as it is at one instant and while others go on, to <paramref name="path"/>, which is replaced when the copy is whole
    /// and on disk. PostgreSQL's is refused: it has programs of its own for that.
    /// </summary>
    public async Task BackupAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await _source.BackupAsync(path, cancellationToken);
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(_source.Dialect, _source.Place, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CatalogErrors.Unusable($"The copy '{path}' cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Reads the whole catalog and tells what is wrong with it, pages, indexes and references; empty when nothing is. Takes seconds for each GiB, beside other work.
    /// Of PostgreSQL it tells what that server knows: failed checksums, indexes that are not valid, and with its extension amcheck what that finds.
    /// </summary>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _source.CheckAsync(cancellationToken);
        }
        catch (DbException exception) when (_source.Dialect.Classify(exception) == ErrorCode.CatalogDamaged)
        {
            return [exception.Message];
        }
    }

    /// <summary>
    /// What should be done every hour or so, and after many changes: refreshes the planner's statistics and adds up counts. Safe beside other work.
    /// </summary>
    public async Task MaintainAsync(CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await BeginAsync(cancellationToken);
        foreach (CountTable counts in CountTable.All)
        {
            if (_source.Dialect.CompactCounts(counts.Name, counts.Columns) is { } compact)
            {
                await transaction.ExecuteAsync(SqlText.Raw(compact), cancellationToken);
            }
        }

        await transaction.ExecuteAsync(SqlText.Raw(_source.Dialect.Analyze), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Closes the catalog. Sessions must have ended.</summary>
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
