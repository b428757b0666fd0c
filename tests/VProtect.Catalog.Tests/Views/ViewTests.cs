using VProtect.Abstractions;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Views;

namespace VProtect.Catalog.Tests.Views;

public sealed class ViewTests
{
    [Fact]
    public async Task Every_table_is_limited_or_open_on_purpose_and_every_reference_to_a_limited_one_is_known()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        List<string> tables = await session.QueryAsync(
            SqlText.Raw("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"), row => row.GetString(0), default);
        HashSet<string> limited = [.. ViewSql.Limited];

        Assert.Equal(tables, limited.Concat(ViewSql.Open).Order(StringComparer.Ordinal));
        Assert.Empty(limited.Intersect(ViewSql.Open));
        foreach (string table in tables.Except(["tasks", "workflows"]))
        {
            List<(string Column, string Target)> references = await session.QueryAsync(
                SqlText.Raw($"SELECT \"from\", \"table\" FROM pragma_foreign_key_list('{table}')"), row => (row.GetString(0), row.GetString(1)), default);
            Assert.All(references.Where(reference => limited.Contains(reference.Target)), reference => Assert.Contains(reference.Target, Known(reference.Column)));
        }
    }

    [Theory, BothDatabases]
    public async Task Session_of_a_view_reads_counts_and_writes_nothing_outside_of_it(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine own = catalog.NewMachine("own");
        Machine foreign = catalog.NewMachine("foreign");
        Destination destination = catalog.NewDestination("shared");
        Policy policy = TestCatalog.NewPolicy("shared");
        RestorePoint[] points = [catalog.NewPoint(own, destination), catalog.NewPoint(foreign, destination)];
        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertManyAsync([own, foreign], default);
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Policies.InsertAsync(policy, default);
            await tx.Policies.AssignAsync(policy.Guid, own.Guid, AssignmentSource.Manual, default);
            await tx.Policies.AssignAsync(policy.Guid, foreign.Guid, AssignmentSource.Manual, default);
            await tx.RestorePoints.InsertManyAsync(points, default);
        });

        using IDisposable limit = CatalogView.Limit(new CatalogView { Machines = [own.Guid], ShowsDestinations = true, ShowsPolicies = true });
        await using (CatalogSession session = await catalog.Database.ReadAsync(default))
        {
            Assert.Equal(own.Guid, Assert.Single((await session.Machines.ListAsync(new MachineFilter(), new ListQuery(), default)).Rows).Guid);
            Assert.Equal(1, (await session.RestorePoints.ListAsync(new RestorePointFilter(), new ListQuery(), default)).Total);
            Assert.Equal(1, (await session.RestorePoints.ListAsync(new RestorePointFilter { Destination = destination.Guid }, new ListQuery(), default)).Total);
            Assert.Equal(1, Assert.Single(await session.RestorePoints.CountByStateAsync(machine: null, default)).Value);
            Assert.Equal(own.Guid, Assert.Single(await session.Policies.MachinesAsync(policy.Guid, default)).MachineGuid);
            Assert.Null(await session.RestorePoints.FindAsync(points[1].Guid, default));
            Assert.NotNull(await session.Destinations.FindAsync(destination.Guid, default));
        }

        await using CatalogTransaction transaction = await catalog.Database.BeginAsync(default);
        Assert.Equal(ErrorCode.CatalogNotFound, await TestCatalog.CodeOfAsync(() => transaction.RestorePoints.UpdateAsync(points[1] with { Description = "x" }, default)));
        Assert.Equal(ErrorCode.CatalogNotFound, await TestCatalog.CodeOfAsync(() => transaction.RestorePoints.DeleteAsync(points[1].Guid, version: null, default)));
        Assert.Equal(ErrorCode.CatalogNotFound, await TestCatalog.CodeOfAsync(() => transaction.RestorePoints.InsertAsync(catalog.NewPoint(foreign, destination), default)));
        Assert.Equal(ErrorCode.Forbidden, await TestCatalog.CodeOfAsync(() => transaction.Machines.InsertAsync(catalog.NewMachine("new"), default)));
    }

    private static IReadOnlyList<string> Known(string column) => ViewSql.TargetsOf(column);
}
