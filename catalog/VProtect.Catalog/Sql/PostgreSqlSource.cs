using System.Data;
using System.Data.Common;
using Npgsql;
using VProtect.Abstractions;

namespace VProtect.Catalog.Sql;

/// <summary>A catalog in PostgreSQL. Any number of servers share it; rows are locked where they are changed.</summary>
internal sealed class PostgreSqlSource : ConnectionSource
{
    private readonly NpgsqlDataSource _connections;

    private PostgreSqlSource(NpgsqlDataSource connections, string place)
    {
        _connections = connections;
        Place = place;
    }

    public override Dialect Dialect => Dialect.PostgreSql;

    public override string Place { get; }

    public static PostgreSqlSource Open(CatalogOptions options)
    {
        if (string.IsNullOrEmpty(options.ConnectionString))
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument,
                ErrorSide.Catalog,
                "The catalog's connection string is not given.",
                $"Set {nameof(CatalogOptions.ConnectionString)}.");
        }

        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(options.ConnectionString) { ApplicationName = "vprotect" };
        }
        catch (ArgumentException exception)
        {
            // The message of the exception may quote the string, which holds a secret.
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Catalog, "The catalog's connection string is not valid.", $"Correct {exception.ParamName ?? "it"}.");
        }

        return new PostgreSqlSource(NpgsqlDataSource.Create(builder), $"{builder.Database} on {builder.Host}");
    }

    // Repeatable read sees one instant; without writes it never fails for what others do.
    public override ValueTask<RentedConnection> BeginReadAsync(CancellationToken cancellationToken) =>
        BeginAsync(IsolationLevel.RepeatableRead, "SET TRANSACTION READ ONLY", cancellationToken);

    // Read committed: rows are guarded by versions and row locks, so nothing need be tried again.
    public override ValueTask<RentedConnection> BeginWriteAsync(CancellationToken cancellationToken) =>
        BeginAsync(IsolationLevel.ReadCommitted, null, cancellationToken);

    public override Task BackupAsync(string path, CancellationToken cancellationToken) => throw new VProtectException(
        ErrorCode.InvalidArgument,
        ErrorSide.Catalog,
        "A catalog in PostgreSQL is copied by PostgreSQL's own programs.",
        "Use pg_dump, or the server's continuous archiving.");

    public override async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        List<string> found = [];
        await using NpgsqlConnection connection = await _connections.OpenConnectionAsync(cancellationToken);
        found.AddRange(await RowsAsync("SELECT 'index ' || indexrelid::regclass || ' is not valid' FROM pg_index WHERE NOT indisvalid"));
        found.AddRange(await RowsAsync("SELECT 'constraint ' || conname || ' was never checked' FROM pg_constraint WHERE NOT convalidated"));
        found.AddRange(await RowsAsync(
            "SELECT checksum_failures || ' pages of the database have failed their checksum' FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0"));

        // The server's own check of its indexes, where its administrator has put it in.
        if ((await RowsAsync("SELECT extname FROM pg_extension WHERE extname = 'amcheck'")).Count > 0)
        {
            foreach (string index in await RowsAsync(
                """
                SELECT pg_index.indexrelid::text FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indexrelid JOIN pg_am ON pg_am.oid = pg_class.relam
                WHERE pg_am.amname = 'btree' AND pg_class.relnamespace = current_schema()::regnamespace AND pg_index.indisvalid
                """))
            {
                try
                {
                    await RowsAsync($"SELECT bt_index_check({index}::oid::regclass, heapallindexed => true)::text");
                }
                catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.IndexCorrupted or PostgresErrorCodes.DataCorrupted)
                {
                    found.Add(exception.MessageText);
                }
            }
        }

        return found;

        async Task<List<string>> RowsAsync(string sql)
        {
            List<string> rows = [];
            await using NpgsqlCommand command = connection.CreateCommand();
            command.CommandText = sql;
            command.CommandTimeout = 0;
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(reader.GetValue(0).ToString() ?? "");
            }

            return rows;
        }
    }

    public override ValueTask DisposeAsync() => _connections.DisposeAsync();

    private async ValueTask<RentedConnection> BeginAsync(IsolationLevel isolation, string? first, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await _connections.OpenConnectionAsync(cancellationToken);
        try
        {
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
            if (first is not null)
            {
                await using DbCommand command = connection.CreateCommand();
                command.CommandText = first;
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            return new RentedConnection(connection, transaction, async () =>
            {
                await transaction.DisposeAsync();
                await connection.DisposeAsync();
            });
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
