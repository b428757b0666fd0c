using System.Data.Common;

namespace VProtect.Catalog.Sql;

/// <summary>Gives connections with a transaction begun. Whoever rents one returns it.</summary>
internal abstract class ConnectionSource : IAsyncDisposable
{
    public abstract Dialect Dialect { get; }

    /// <summary>Where the catalog is, without secrets.</summary>
    public abstract string Place { get; }

    /// <summary>Whether other appliances ever joined this one since it was opened, or before: else nothing need be hidden.</summary>
    public bool HasOthers
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>A connection that sees one instant and cannot write.</summary>
    public abstract ValueTask<RentedConnection> BeginReadAsync(CancellationToken cancellationToken);

    /// <summary>A connection that writes. With SQLite only one is rented at a time; others wait in line.</summary>
    public abstract ValueTask<RentedConnection> BeginWriteAsync(CancellationToken cancellationToken);

    /// <summary>Copies the catalog as it is at one instant.</summary>
    public abstract Task BackupAsync(string path, CancellationToken cancellationToken);

    /// <summary>Reads everything and says what is wrong; empty when nothing is.</summary>
    public abstract Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A connection with its transaction.</summary>
/// <param name="Connection">Open.</param>
/// <param name="Transaction">Begun.</param>
/// <param name="ReturnAsync">Gives it back; what is not committed by then is rolled back.</param>
internal sealed record RentedConnection(DbConnection Connection, DbTransaction Transaction, Func<ValueTask> ReturnAsync);
