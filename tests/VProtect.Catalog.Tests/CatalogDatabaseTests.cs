using VProtect.Abstractions;
using VProtect.Catalog.Inventory;

namespace VProtect.Catalog.Tests;

public sealed class CatalogDatabaseTests
{
    [Fact]
    public async Task A_copy_made_beside_a_writer_is_a_whole_catalog()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        await catalog.WriteAsync(tx => tx.Machines.InsertAsync(catalog.NewMachine("before"), default));
        string copy = catalog.Options.Path + ".copy";
        await using (CatalogTransaction open = await catalog.Database.BeginAsync(default))
        {
            await open.Machines.InsertAsync(catalog.NewMachine("not committed"), default);
            await catalog.Database.BackupAsync(copy, default);
            await catalog.Database.BackupAsync(copy, default);
        }

        await using CatalogDatabase restored = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = copy }, default);
        await using CatalogSession session = await restored.ReadAsync(default);
        Assert.Equal("before", Assert.Single((await session.Machines.ListAsync(new MachineFilter(), new(), default)).Rows).Name);
        Assert.Empty(await restored.CheckAsync(default));
    }

    [Fact]
    public async Task A_copy_of_PostgreSQL_is_left_to_its_own_programs()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.PostgreSql);
        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(() => catalog.Database.BackupAsync("/tmp/x", default));
        Assert.Contains("pg_dump", refused.Guidance, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_told_with_the_way_to_rebuild()
    {
        CatalogOptions options = TestCatalog.NewPlace(CatalogProvider.Sqlite, migrated: false, out string? directory);
        await File.WriteAllBytesAsync(options.Path!, [.. Enumerable.Range(0, 8192).Select(i => (byte)(i * 31))]);

        VProtectException damaged = await Assert.ThrowsAsync<VProtectException>(() => CatalogDatabase.OpenAsync(options, default));

        Assert.Equal(ErrorCode.CatalogDamaged, damaged.Code);
        Assert.Contains("learned again", damaged.Guidance, StringComparison.Ordinal);
        Directory.Delete(directory!, recursive: true);
    }

    [Fact]
    public async Task Damage_inside_the_file_is_found_by_reading_and_by_the_check()
    {
        CatalogOptions options = TestCatalog.NewPlace(CatalogProvider.Sqlite, migrated: false, out string? directory);
        await using (CatalogDatabase database = await CatalogDatabase.OpenAsync(options, default))
        {
            await using CatalogTransaction tx = await database.BeginAsync(default);
            await tx.Machines.InsertManyAsync(
                Enumerable.Range(0, 2000).Select(i => new Machine { Name = $"m{i}", Uuid = "u", Platform = "KVM", FirstSeenAt = DateTimeOffset.UtcNow }), default);
            await tx.CommitAsync(default);
        }

        // Everything behind the schema's pages is overwritten.
        using (FileStream file = File.OpenWrite(options.Path!))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[(file.Length - file.Position) & ~4095]);
        }

        await using CatalogDatabase damaged = await CatalogDatabase.OpenAsync(options, default);
        Assert.NotEmpty(await damaged.CheckAsync(default));
        await using CatalogSession session = await damaged.ReadAsync(default);
        Assert.Equal(
            ErrorCode.CatalogDamaged,
            await TestCatalog.CodeOfAsync(() => session.Machines.ListAsync(new MachineFilter(), new VProtect.Catalog.Sql.ListQuery { Size = 2000 }, default)));
        Directory.Delete(directory!, recursive: true);
    }

    [Fact]
    public async Task The_database_of_another_program_is_not_touched()
    {
        CatalogOptions options = TestCatalog.NewPlace(CatalogProvider.Sqlite, migrated: false, out string? directory);
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={options.Path};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "PRAGMA application_id = 7; CREATE TABLE settings (a)";
            command.ExecuteNonQuery();
        }

        byte[] before = await File.ReadAllBytesAsync(options.Path!);
        Assert.Equal(ErrorCode.CatalogDamaged, await TestCatalog.CodeOfAsync(() => CatalogDatabase.OpenAsync(options, default)));
        Assert.Equal(before, await File.ReadAllBytesAsync(options.Path!));
        Directory.Delete(directory!, recursive: true);
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task Only_the_owner_may_read_the_file()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(catalog.Options.Path!));
    }

    [Fact]
    public async Task What_cannot_be_opened_is_told_without_secrets()
    {
        var unreachable = new CatalogOptions { Provider = CatalogProvider.PostgreSql, ConnectionString = "Host=/nonexistent;Username=u;Password=hunter2;Database=d" };
        VProtectException failed = await Assert.ThrowsAsync<VProtectException>(() => CatalogDatabase.OpenAsync(unreachable, default));
        Assert.Equal(ErrorCode.CatalogUnavailable, failed.Code);
        Assert.DoesNotContain("hunter2", failed.ToString(), StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidArgument, await TestCatalog.CodeOfAsync(() => CatalogDatabase.OpenAsync(new CatalogOptions(), default)));
        VProtectException wrong = await Assert.ThrowsAsync<VProtectException>(
            () => CatalogDatabase.OpenAsync(unreachable with { ConnectionString = "Password=hunter2;Nonsense=1" }, default));
        Assert.DoesNotContain("hunter2", wrong.ToString(), StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Maintenance_changes_no_count(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await catalog.WriteAsync(tx => tx.Tasks.InsertManyAsync(Enumerable.Range(0, 5).Select(_ => catalog.NewTask()), default));
        var before = await catalog.ReadAsync(session => session.Tasks.CountByStateAsync(default));
        await catalog.Database.MaintainAsync(default);
        await catalog.Database.MaintainAsync(default);
        Assert.Equal(before, await catalog.ReadAsync(session => session.Tasks.CountByStateAsync(default)));
    }
}
