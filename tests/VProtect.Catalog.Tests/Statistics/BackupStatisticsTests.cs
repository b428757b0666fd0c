using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Statistics;

namespace VProtect.Catalog.Tests.Statistics;

public sealed class BackupStatisticsTests
{
    [Theory, BothDatabases]
    public async Task Sums_are_exact_and_end_at_their_end(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Destination destination = catalog.NewDestination("main");
        Machine[] machines = [catalog.NewMachine("small"), catalog.NewMachine("large"), catalog.NewMachine("negative")];
        RestorePoint Of(int machine, long bytes) => catalog.NewPoint(machines[machine], destination) with
        {
            State = RestorePointState.Success,
            SizeBytes = bytes,
            ChangedBytes = bytes,
            StoredBytes = bytes,
        };
        await catalog.WriteAsync(async tx =>
        {
            await tx.Destinations.InsertAsync(destination, default);
            foreach (Machine machine in machines)
            {
                await tx.Machines.InsertAsync(machine, default);
            }

            foreach (RestorePoint point in (RestorePoint[])
                [Of(0, (1L << 52) + 1), Of(0, 2), Of(1, long.MaxValue), Of(1, long.MaxValue), Of(1, long.MaxValue), Of(2, long.MinValue), Of(2, long.MinValue)])
            {
                await tx.RestorePoints.InsertAsync(point, default);
            }
        });
        (DateTimeOffset from, DateTimeOffset before) = (DateTimeOffset.UnixEpoch, catalog.Clock.Now.AddDays(1));
        IReadOnlyList<MachineSums> sums = await catalog.ReadAsync(session => session.Statistics.ByMachineAsync(from, before, machines: null, tenant: null, 10, default));
        Assert.Equal(
            [("large", new BackupSums(3, long.MaxValue, long.MaxValue, long.MaxValue)), ("small", new BackupSums(2, (1L << 52) + 3, (1L << 52) + 3, (1L << 52) + 3)), ("negative", new BackupSums(2, long.MinValue, long.MinValue, long.MinValue))],
            sums.Select(one => (one.Name, one.Sums)));
        Assert.Equal(7, (await catalog.ReadAsync(session => session.Statistics.ByStateAsync(from, before, default)))[RestorePointState.Success].Points);
        Assert.Single(await catalog.ReadAsync(session => session.Statistics.StoredByDestinationAsync(from, before, default)));
    }

    /// <summary>A new column has to be thought of: what is added up or reckoned with has bounds of its own.</summary>
    [Fact]
    public async Task Every_number_that_is_mirrored_has_a_range_of_its_kind()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        foreach (string table in MirrorTables.All.SelectMany(table => table.Links.Select(link => link.Name).Prepend(table.Name)))
        {
            List<(string Column, string Type)> columns = await session.QueryAsync(
                SqlText.Raw($"SELECT name, type FROM pragma_table_info('{table}')"), row => (row.GetString(0), row.GetString(1)), default);
            foreach ((string column, string type) in columns.Where(column => !MirrorTables.Kept.Contains(column.Column) && column.Type is not ("TEXT" or "BLOB" or "SMALLINT")))
            {
                (long Min, long Max)? range = MirrorNumbers.RangeOf(column);
                Assert.True(range is not null && (type == "BIGINT") == (range.Value.Max > int.MaxValue), $"{table}.{column} {type}");
            }
        }
    }
}
