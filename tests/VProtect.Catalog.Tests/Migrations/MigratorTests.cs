using VProtect.Abstractions;
using VProtect.Catalog.Migrations;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Migrations;

public sealed class MigratorTests
{
    // The schema of a released migration never changes: a change is a new migration. VPROTECT_GOLDEN=write writes the files of new ones.
    [Theory, BothDatabases]
    public void Schema_of_every_migration_is_the_released_one(CatalogProvider provider)
    {
        Dialect dialect = provider == CatalogProvider.Sqlite ? Dialect.Sqlite : Dialect.PostgreSql;
        foreach (Migration migration in MigrationSet.Embedded)
        {
            string file = $"{migration.Number:d4}-{migration.Name}.{provider.ToString().ToLowerInvariant()}.sql";
            string golden = Path.Combine(AppContext.BaseDirectory, "Golden", file);
            if (Environment.GetEnvironmentVariable("VPROTECT_GOLDEN") is { Length: > 0 } directory && !File.Exists(golden))
            {
                File.WriteAllText(Path.Combine(directory, file), dialect.Expand(migration.Sql));
                continue;
            }

            Assert.Equal(File.ReadAllText(golden), dialect.Expand(migration.Sql));
        }
    }

    // A check that a later migration widens: rows stay, the new value is taken, others are refused still, and the file is sound.
    [Theory, BothDatabases]
    public async Task A_value_is_added_to_a_check_of_a_table_with_rows(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        async Task<CatalogTask> AddAsync(TaskType type)
        {
            var task = new CatalogTask { Type = type, OriginType = OriginType.User, MaxAttempts = 1, CreatedAt = DateTimeOffset.UnixEpoch };
            await catalog.WriteAsync(tx => tx.Tasks.InsertAsync(task, default));
            return task;
        }

        CatalogTask before = await AddAsync(TaskType.Report);
        Migration narrow = new(MigrationSet.Embedded.Count + 1, "narrow", "-- values tasks.type: REPORT, INDEX");
        await Migrator.RunAsync(catalog.Database, [.. MigrationSet.Embedded, narrow], default);
        await Assert.ThrowsAsync<VProtectException>(() => AddAsync(TaskType.ApplianceBackup));
        Migration wide = new(MigrationSet.Embedded.Count + 2, "wide", "-- values tasks.type: REPORT, INDEX, APPLIANCE_BACKUP");
        await Migrator.RunAsync(catalog.Database, [.. MigrationSet.Embedded, narrow, wide], default);
        CatalogTask added = await AddAsync(TaskType.ApplianceBackup);
        await Assert.ThrowsAsync<VProtectException>(() => AddAsync(TaskType.Export));

        Assert.Equal(TaskType.Report, (await catalog.ReadAsync(session => session.Tasks.GetAsync(before.Guid, default))).Type);
        Assert.Equal(TaskType.ApplianceBackup, (await catalog.ReadAsync(session => session.Tasks.GetAsync(added.Guid, default))).Type);
        if (provider == CatalogProvider.Sqlite)
        {
            Assert.Empty(await catalog.Database.CheckAsync(default));
        }
    }

    [Fact]
    public void Migrations_are_numbered_without_gaps() =>
        Assert.Equal(Enumerable.Range(1, MigrationSet.Embedded.Count), MigrationSet.Embedded.Select(migration => migration.Number));

    [Theory, BothDatabases]
    public async Task A_catalog_of_a_newer_program_is_refused(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await catalog.WriteAsync(tx => tx.ExecuteAsync(SqlText.Raw("INSERT INTO schema_migrations VALUES (99, 'later', 0)"), default));

        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(() => CatalogDatabase.OpenAsync(catalog.Options, default));

        Assert.Equal(ErrorCode.CatalogTooNew, refused.Code);
        Assert.Contains("99", refused.Message, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Two_programs_that_start_at_once_migrate_once(CatalogProvider provider)
    {
        CatalogOptions options = TestCatalog.NewPlace(provider, migrated: false, out string? directory);

        CatalogDatabase[] opened = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => Task.Run(() => CatalogDatabase.OpenAsync(options, default))));

        foreach (CatalogDatabase one in opened)
        {
            await using (CatalogSession session = await one.ReadAsync(default))
            {
                Assert.Equal(MigrationSet.Embedded.Count, await session.NumberAsync(SqlText.Raw("SELECT COUNT(*) FROM schema_migrations"), default));
            }

            await one.DisposeAsync();
        }

        if (directory is not null)
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory, BothDatabases]
    public async Task A_migration_that_fails_leaves_the_schema_as_it_was(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Migration broken = new(MigrationSet.Embedded.Count + 1, "broken", "CREATE TABLE halfway (a INTEGER); CREATE TABLE settings (a INTEGER);");

        await Assert.ThrowsAsync<VProtectException>(() => Migrator.RunAsync(catalog.Database, [.. MigrationSet.Embedded, broken], default));

        Assert.Equal(
            MigrationSet.Embedded.Count,
            await catalog.ReadAsync(session => session.NumberAsync(SqlText.Raw("SELECT COUNT(*) FROM schema_migrations"), default)));
        await Assert.ThrowsAsync<VProtectException>(
            () => catalog.ReadAsync(session => session.NumberAsync(SqlText.Raw("SELECT COUNT(*) FROM halfway"), default)));
    }
}
