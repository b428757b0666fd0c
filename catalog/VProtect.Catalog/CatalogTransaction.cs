using System.Data.Common;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog;

/// <summary>
/// Changes that happen together or not at all. With SQLite there is one at a time, and others wait: do nothing slow inside. Disposing without
/// <see cref="CommitAsync"/> undoes everything.
/// </summary>
public sealed class CatalogTransaction : CatalogSession
{
    private readonly CatalogChanges _listeners;
    private readonly Dictionary<(string Table, Guid Guid), CatalogChangeKind> _changes = [];
    private bool _committed;

    internal CatalogTransaction(ConnectionSource source, RentedConnection rented, TimeProvider time, CatalogChanges listeners)
        : base(source, rented, time)
    {
        _listeners = listeners;
    }

    /// <summary>Makes the changes durable and visible, then tells the listeners.</summary>
    /// <exception cref="VProtect.Abstractions.VProtectException">The database failed; whether the changes are there must be read again.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_committed, this);
        try
        {
            await Transaction.CommitAsync(cancellationToken);
        }
        catch (DbException exception)
        {
            throw CatalogErrors.From(Dialect, Source.Place, exception);
        }

        _committed = true;
        Source.HasOthers |= _changes.Keys.Any(change => change.Table == JoinedApplianceTable.Name);

        // Returned first: a listener that reads at once must not wait for this writer.
        await DisposeAsync();
        if (_changes.Count > 0)
        {
            _listeners.Publish([.. _changes.Select(change => new CatalogChange(change.Key.Table, change.Key.Guid, change.Value))]);
        }
    }

    internal void Changed(string table, Guid guid, CatalogChangeKind kind)
    {
        // A row that is new here stays new to those who listen, whatever else happened to it before the commit.
        if (kind == CatalogChangeKind.Updated && _changes.ContainsKey((table, guid)))
        {
            return;
        }

        _changes[(table, guid)] = kind;
    }

    internal Task ExclusiveAsync(CatalogLock named, CancellationToken cancellationToken) => Dialect.ExclusiveUntilEnd(named) is { } sql
        ? ExecuteAsync(SqlText.Raw(sql), cancellationToken)
        : Task.CompletedTask;
}
