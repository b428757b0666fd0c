using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Migrations;

/// <summary>
/// Brings the schema up to date: all missing migrations in one transaction, under a lock, so that a crash leaves the old schema and two starting servers
/// do it once. Table <c>schema_migrations</c> tells which there are.
/// </summary>
internal static class Migrator
{
    public static async Task RunAsync(CatalogDatabase database, IReadOnlyList<Migration> known, CancellationToken cancellationToken)
    {
        // Nearly always there is nothing to do, and then nobody need wait.
        await using (CatalogSession session = await database.ReadAsync(cancellationToken))
        {
            if (await AppliedAsync(session, known, cancellationToken) == known.Count)
            {
                return;
            }
        }

        await using CatalogTransaction transaction = await database.BeginAsync(cancellationToken);
        await transaction.ExclusiveAsync(CatalogLock.Migration, cancellationToken);
        int applied = await AppliedAsync(transaction, known, cancellationToken);
        foreach (Migration migration in known.Skip(applied))
        {
            if (migration.Number == 1)
            {
                await transaction.ExecuteAsync(
                    SqlText.Raw("CREATE TABLE schema_migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"),
                    cancellationToken);
            }

            await transaction.ExecuteAsync(SqlText.Raw(transaction.Dialect.Expand(migration.Sql)), cancellationToken);
            await transaction.ExecuteAsync(
                $"INSERT INTO schema_migrations (number, name, applied_at) VALUES ({migration.Number}, {migration.Name}, {transaction.Time.GetUtcNow()})",
                cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<int> AppliedAsync(CatalogSession session, IReadOnlyList<Migration> known, CancellationToken cancellationToken)
    {
        if (await session.NumberAsync(SqlText.Raw(session.Dialect.MigrationsExist), cancellationToken) is null)
        {
            return 0;
        }

        int applied = (int)(await session.NumberAsync(SqlText.Raw("SELECT MAX(number) FROM schema_migrations"), cancellationToken) ?? 0);
        return applied <= known.Count ? applied : throw CatalogErrors.TooNew(applied, known.Count);
    }
}
