using System.Reflection;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tests.Sql;

/// <summary>The schema and the records say the same.</summary>
public sealed class SchemaTests
{
    public static TheoryData<CatalogProvider, Type> Entities()
    {
        var data = new TheoryData<CatalogProvider, Type>();
        foreach (Type type in typeof(Machine).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IEntity))))
        {
            data.Add(CatalogProvider.Sqlite, type);
            data.Add(CatalogProvider.PostgreSql, type);
        }

        return data;
    }

    // Foreign keys are not checked here, so that every column can be filled; nothing is committed.
    [Theory, MemberData(nameof(Entities))]
    public async Task A_row_comes_back_as_it_was_written(CatalogProvider provider, Type type)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        MethodInfo check = typeof(SchemaTests).GetMethod(nameof(RoundTripAsync), BindingFlags.NonPublic | BindingFlags.Static)!;
        await (Task)check.MakeGenericMethod(type).Invoke(null, [catalog, provider])!;
    }

    [Fact]
    public async Task Every_reference_has_an_index_so_that_deleting_does_not_scan()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        List<string> missing = await catalog.ReadAsync(session => session.QueryAsync(
            $"""
            SELECT t.name || '.' || f."from" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
            WHERE t.type = 'table' AND NOT EXISTS (
              SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = f."from")
            """,
            row => row.GetString(0),
            default));

        // The key of these tables begins with it: WITHOUT ROWID tables list it as an index, so nothing is left.
        Assert.Empty(missing);
    }

    [Fact]
    public void Names_of_members_are_those_of_the_interface()
    {
        Assert.Equal("OLD_BACKUPS_REMOVAL", ApiName.Of(VProtect.Catalog.Tasks.TaskType.OldBackupsRemoval));
        Assert.Equal("FAILED_WITH_CRITICAL_ERRORS", ApiName.Of(VProtect.Catalog.Tasks.WorkflowState.FailedWithCriticalErrors));
        Assert.True(ApiName.TryParse("IGNORE_WITH_WARNING", out CommandErrorHandling parsed));
        Assert.Equal(CommandErrorHandling.IgnoreWithWarning, parsed);
        Assert.False(ApiName.TryParse<CommandErrorHandling>("IgnoreWithWarning", out _));
    }

    private static async Task RoundTripAsync<TRow>(TestCatalog catalog, CatalogProvider provider)
        where TRow : class, IEntity
    {
        await using CatalogTransaction tx = await catalog.Database.BeginAsync(default);
        await tx.ExecuteAsync(
            SqlText.Raw(provider == CatalogProvider.Sqlite ? "PRAGMA defer_foreign_keys = ON" : "SET LOCAL session_replication_role = replica"), default);
        EditableTable<TRow> table = (EditableTable<TRow>)typeof(CatalogSession).GetProperties()
            .Single(property => property.PropertyType.IsAssignableTo(typeof(EditableTable<TRow>))).GetValue(tx)!;
        foreach (int seed in (int[])[1, 2])
        {
            TRow row = RowFiller.Fill<TRow>(seed);

            await table.InsertAsync(row, default);
            TRow read = await table.GetAsync(row.Guid, default);

            Assert.Equal(RowFiller.Text(row), RowFiller.Text(read));
            Assert.Equal(row.Version + 1, await table.UpdateAsync(read, default));
            Assert.Equal(row.Version + 1, (await table.GetAsync(row.Guid, default)).Version);
            await table.DeleteAsync(row.Guid, row.Version + 1, default);
            Assert.Null(await table.FindAsync(row.Guid, default));
        }
    }
}
