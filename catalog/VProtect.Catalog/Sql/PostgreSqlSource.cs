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

    public override Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([]);

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
