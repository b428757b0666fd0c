using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tests.Sql;

public sealed class CountTests
{
    // Goal: ready counts are what counting finds, whatever happens. Method: random insertions, changes, deletions, roll-backs and compactions.
    [Theory, BothDatabases]
    public async Task Ready_counts_are_what_counting_finds(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        var random = new Random(1);
        Machine[] machines = [catalog.NewMachine("a"), catalog.NewMachine("b")];
        Destination[] destinations = [catalog.NewDestination("x"), catalog.NewDestination("y")];
        var policy = TestCatalog.NewPolicy("gold");
        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertManyAsync(machines, default);
            await tx.Destinations.InsertManyAsync(destinations, default);
            await tx.Policies.InsertAsync(policy, default);
        });
        List<RestorePoint> there = [];
        for (int step = 0; step < 60; step++)
        {
            List<RestorePoint> next = [.. there];
            await using CatalogTransaction tx = await catalog.Database.BeginAsync(default);
            for (int i = 0; i < 3; i++)
            {
                if (next.Count > 0 && random.Next(3) == 0)
                {
                    await tx.RestorePoints.DeleteAsync(next[0].Guid, null, default);
                    next.RemoveAt(0);
                }
                else if (next.Count > 0 && random.Next(2) == 0)
                {
                    int which = random.Next(next.Count);
                    RestorePoint changed = next[which] with { State = (RestorePointState)random.Next(6), PolicyGuid = random.Next(2) == 0 ? policy.Guid : null };
                    next[which] = changed with { Version = await tx.RestorePoints.UpdateAsync(changed, default) };
                }
                else
                {
                    RestorePoint added = catalog.NewPoint(machines[random.Next(2)], destinations[random.Next(2)]) with { Type = (BackupType)random.Next(2) };
                    await tx.RestorePoints.InsertAsync(added, default);
                    next.Add(added);
                }
            }

            if (random.Next(4) > 0)
            {
                await tx.CommitAsync(default);
                there = next;
            }
            else
            {
                await tx.DisposeAsync();
            }

            if (step % 20 == 10)
            {
                await catalog.Database.MaintainAsync(default);
            }
        }

        // Deleting a policy changes the rows that name it, by the foreign key.
        await catalog.WriteAsync(tx => tx.Policies.DeleteAsync(policy.Guid, null, default));
        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        foreach (CountTable counts in (CountTable[])[CountTable.RestorePoints, CountTable.RestorePointsOfMachines])
        {
            SqlText columns = SqlText.Raw(string.Join(", ", counts.Columns.Select(column => $"COALESCE({column}, '')")));
            async Task<List<string>> Rows(SqlText sql) => await session.QueryAsync(
                sql, row => string.Join(' ', Enumerable.Range(0, row.FieldCount).Select(row.GetValue)), default);
            Assert.Equal(
                await Rows($"SELECT {columns}, COUNT(*) FROM restore_points GROUP BY {columns} ORDER BY {columns}"),
                await Rows($"SELECT {columns}, SUM(n) FROM {SqlText.Raw(counts.Name)} GROUP BY {columns} HAVING SUM(n) <> 0 ORDER BY {columns}"));
        }

        Assert.Equal(there.Count, (await session.RestorePoints.CountByStateAsync(null, default)).Values.Sum());
        Assert.Equal(
            there.Count(point => point.MachineGuid == machines[0].Guid),
            (await session.RestorePoints.CountByStateAsync(machines[0].Guid, default)).Values.Sum());
    }
}
