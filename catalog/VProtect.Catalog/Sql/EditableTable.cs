using VProtect.Catalog.Views;

namespace VProtect.Catalog.Sql;

/// <summary>A table whose rows are written whole. Every change needs a transaction.</summary>
/// <typeparam name="TRow">The row.</typeparam>
public abstract class EditableTable<TRow> : EntityTable<TRow>
    where TRow : class, IEntity
{
    private protected EditableTable(CatalogSession session, TableMap<TRow> map, ListShape shape)
        : base(session, map, shape)
    {
    }

    /// <summary>Adds a row.</summary>
    /// <exception cref="Abstractions.VProtectException">
    /// <see cref="Abstractions.ErrorCode.CatalogDuplicate"/>, <see cref="Abstractions.ErrorCode.CatalogInUse"/> (it refers to what is not there),
    /// <see cref="Abstractions.ErrorCode.CatalogInvalid"/>. With PostgreSQL the transaction is then over.
    /// </exception>
    public async Task InsertAsync(TRow row, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        await RequireReferencesAsync(before: null, row, cancellationToken);
        await writer.ExecuteAsync($"INSERT INTO {Map.Table} ({Map.ColumnNames}) VALUES ({Map.Values(row)})", cancellationToken);
        await RequireSeenAsync(row.Guid, cancellationToken);
        writer.Changed(Map.Name, row.Guid, CatalogChangeKind.Inserted);
    }

    /// <summary>Adds many rows. Listeners are told that the table changed, not which rows.</summary>
    public async Task InsertManyAsync(IEnumerable<TRow> rows, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        if (Session.View is not null)
        {
            foreach (TRow row in rows)
            {
                await InsertAsync(row, cancellationToken);
            }

            return;
        }

        await new RowInserter<TRow>(writer, Map).InsertAsync(rows, cancellationToken);
        writer.Changed(Map.Name, Guid.Empty, CatalogChangeKind.Reset);
    }

    /// <summary>Replaces a row if it still has the version of <paramref name="row"/>.</summary>
    /// <returns>The new version.</returns>
    /// <exception cref="Abstractions.VProtectException">
    /// <see cref="Abstractions.ErrorCode.CatalogConflict"/>: it was changed in the meantime; <see cref="Abstractions.ErrorCode.CatalogNotFound"/>; and those of
    /// <see cref="InsertAsync"/>.
    /// </exception>
    public async Task<long> UpdateAsync(TRow row, CancellationToken cancellationToken)
    {
        if (Session.View is not null)
        {
            await RequireReferencesAsync(await GetAsync(row.Guid, cancellationToken), row, cancellationToken);
        }

        await ChangeOneAsync(
            row.Guid,
            $"UPDATE {Map.Table} SET {Map.Assignments(row)} WHERE guid = {row.Guid} AND version = {row.Version}",
            CatalogChangeKind.Updated,
            cancellationToken);
        await RequireSeenAsync(row.Guid, cancellationToken);
        return row.Version + 1;
    }

    /// <summary>Removes a row, and with it what belongs to it alone (SCHEMA.md tells what).</summary>
    /// <param name="guid">Identity.</param>
    /// <param name="version">Version that it must have; null for any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Abstractions.VProtectException">
    /// <see cref="Abstractions.ErrorCode.CatalogConflict"/>, <see cref="Abstractions.ErrorCode.CatalogNotFound"/>, <see cref="Abstractions.ErrorCode.CatalogInUse"/>.
    /// </exception>
    public Task DeleteAsync(Guid guid, long? version, CancellationToken cancellationToken)
    {
        SqlText condition = version is { } expected ? $" AND version = {expected}" : SqlText.Raw("");
        return ChangeOneAsync(guid, $"DELETE FROM {Map.Table} WHERE guid = {guid}{condition}", CatalogChangeKind.Deleted, cancellationToken);
    }

    /// <summary>Runs a statement that must change exactly the row <paramref name="guid"/>.</summary>
    internal async Task ChangeOneAsync(Guid guid, SqlText statement, CatalogChangeKind kind, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = Session.Writer;
        if (Session.View is not null)
        {
            await GetAsync(guid, cancellationToken);
        }

        if (await writer.ExecuteAsync(statement, cancellationToken) == 0)
        {
            throw await FindAsync(guid, cancellationToken) is null
                ? CatalogErrors.NotFound(Map.Name, guid)
                : CatalogErrors.Conflict(Map.Name, guid);
        }

        writer.Changed(Map.Name, guid, kind);
    }

    /// <summary>Through a view nobody makes what is outside of it, or puts something outside.</summary>
    private async Task RequireSeenAsync(Guid guid, CancellationToken cancellationToken)
    {
        if (Session.View is not null && await FindAsync(guid, cancellationToken) is null)
        {
            throw CatalogErrors.OutOfView($"this in {Map.Name} is not among them");
        }
    }

    /// <summary>Through a view nobody refers to what is outside of it, so that nothing is reached by way of something else.</summary>
    private async Task RequireReferencesAsync(TRow? before, TRow row, CancellationToken cancellationToken)
    {
        if (Session.View is null)
        {
            return;
        }

        foreach (Column<TRow> column in Map.Columns)
        {
            object? value = column.Write(row);
            object? old = before is null ? null : column.Write(before);
            if (Equals(value, old) || (before is null && value is null))
            {
                continue;
            }

            if (ViewSql.Guarded.Contains(column.Name))
            {
                throw CatalogErrors.OutOfView($"{column.Name} reaches beyond them");
            }

            IReadOnlyList<string> targets = ViewSql.TargetsOf(column.Name);
            if (targets.Count > 0 && value is string text && !await SeenInAnyAsync(targets, Guid.ParseExact(text, "D"), cancellationToken))
            {
                throw CatalogErrors.NotFound(targets[0], text);
            }
        }
    }

    private async Task<bool> SeenInAnyAsync(IReadOnlyList<string> tables, Guid guid, CancellationToken cancellationToken)
    {
        foreach (string table in tables)
        {
            if (await Session.SeesAsync(table, guid, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }
}
