using VProtect.Abstractions;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tests.Sql;

public sealed class ListTests
{
    private const int Machines = 60;

    // Every order, both ways, by pages from both ends and by cursor: the same rows as sorting in memory.
    [Theory, BothDatabases]
    public async Task Every_order_pages_like_sorting_in_memory(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        List<Machine> machines = await FillAsync(catalog);
        await using CatalogSession session = await catalog.Database.ReadAsync(default);
        foreach ((string order, Func<Machine, object?> key) in new (string, Func<Machine, object?>)[]
        {
            ("name", machine => machine.NameKey),
            ("lastBackup", machine => machine.LastBackupAt?.ToUnixTimeMilliseconds()),
            ("lastSuccessfulBackupSize", machine => machine.LastSuccessBytes),
            ("provisionedSize", machine => machine.ProvisionedBytes),
        })
        {
            foreach (SortDirection direction in Enum.GetValues<SortDirection>())
            {
                string[] expected = [.. Sorted(machines, key, direction).Select(machine => machine.Name)];
                var query = new ListQuery { OrderBy = order, Direction = direction, Size = 7 };
                string[] paged = await WalkAsync(session, query, byCursor: false);
                Assert.Equal(expected, paged);
                Assert.Equal(expected, await WalkAsync(session, query, byCursor: true));
            }
        }
    }

    [Theory, BothDatabases]
    public async Task Filters_take_what_they_say(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        List<Machine> machines = await FillAsync(catalog);
        var policy = TestCatalog.NewPolicy("gold");
        await catalog.WriteAsync(async tx =>
        {
            await tx.Policies.InsertAsync(policy, default);
            await tx.Policies.AssignAsync(policy.Guid, machines[4].Guid, VProtect.Catalog.Policies.AssignmentSource.Manual, default);
            await tx.Machines.SetTagsAsync(machines[5].Guid, ["prod", "db"], default);
            await tx.Machines.SetRpoDueAsync(machines[6].Guid, catalog.Clock.Now.AddHours(1), default);
            await tx.Machines.SetRpoDueAsync(machines[7].Guid, catalog.Clock.Now.AddHours(-1), default);
        });

        async Task<string[]> Find(MachineFilter filter, string? text = null) =>
            [.. (await catalog.ReadAsync(session => session.Machines.ListAsync(filter, new ListQuery { Filter = text, Size = 1000 }, default)))
                .Rows.Select(machine => machine.Name)];

        Assert.Equal([machines[4].Name], await Find(new() { Policy = policy.Guid }));
        Assert.Equal([machines[4].Name], await Find(new() { Protected = true }));
        Assert.Equal(Machines - 1, (await Find(new() { Protected = false })).Length);
        Assert.Equal([machines[5].Name], await Find(new() { Tag = "db" }));
        Assert.Equal([machines[6].Name], await Find(new() { UpToDate = true }));
        Assert.Equal([machines[7].Name], await Find(new() { UpToDate = false }));
        Assert.Equal(Machines / 3, (await Find(new() { Present = false })).Length);
        Assert.Equal(["VM-07"], await Find(new(), "m-07"));
        Assert.Empty(await Find(new(), "vm_07"));
        Assert.Empty(await Find(new(), "%"));
        Assert.Empty(await Find(new() { Platform = "OTHER" }));
    }

    [Theory, BothDatabases]
    public async Task Text_is_searched_without_regard_to_case_in_any_script(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await catalog.WriteAsync(tx => tx.Machines.InsertAsync(catalog.NewMachine("БАЗА-Übung"), default));

        foreach (string text in (string[])["база", "ÜBUNG"])
        {
            ListPage<Machine> page = await catalog.ReadAsync(
                session => session.Machines.ListAsync(new MachineFilter(), new ListQuery { Filter = text }, default));
            Assert.Equal(1, page.Total);
        }
    }

    [Theory, BothDatabases]
    public async Task What_cannot_be_listed_is_refused_with_what_can(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        async Task<VProtectException> Refused(ListQuery query) => await Assert.ThrowsAsync<VProtectException>(
            () => catalog.ReadAsync(session => session.Machines.ListAsync(new MachineFilter(), query, default)));

        Assert.Contains("provisionedSize", (await Refused(new ListQuery { OrderBy = "name; DROP TABLE machines" })).Guidance, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidArgument, (await Refused(new ListQuery { Page = -1 })).Code);
        Assert.Equal(ErrorCode.InvalidArgument, (await Refused(new ListQuery { Size = 0 })).Code);
        await catalog.WriteAsync(tx => tx.Machines.InsertAsync(catalog.NewMachine("one"), default));
        Assert.Equal(ErrorCode.InvalidArgument, (await Refused(new ListQuery { After = "nonsense" })).Code);
    }

    [Theory, BothDatabases]
    public async Task Restore_points_are_found_by_machine_name_state_and_time(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine web = catalog.NewMachine("web-1");
        Machine db = catalog.NewMachine("db-1");
        var destination = catalog.NewDestination("vault");
        RestorePoint[] points = [.. Enumerable.Range(0, 20).Select(i => catalog.NewPoint(i % 2 == 0 ? web : db, destination, TimeSpan.FromHours(i)) with
        {
            State = i % 5 == 0 ? RestorePointState.Failed : RestorePointState.Success,
        })];
        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertManyAsync([web, db], default);
            await tx.Destinations.InsertAsync(destination, default);
            await tx.RestorePoints.InsertManyAsync(points, default);
        });

        async Task<Guid[]> Find(RestorePointFilter filter, string? text = null)
        {
            ListPage<RestorePoint> page = await catalog.ReadAsync(
                session => session.RestorePoints.ListAsync(filter, new ListQuery { Filter = text, Size = 100 }, default));
            Assert.Equal(page.Total, page.Rows.Count);
            return [.. page.Rows.Select(point => point.Guid)];
        }

        Guid[] Expect(Func<RestorePoint, bool> condition) => [.. points.Where(condition).Select(point => point.Guid)];
        Assert.Equal(Expect(_ => true), await Find(new()));
        Assert.Equal(Expect(point => point.MachineGuid == web.Guid), await Find(new(), "WEB"));
        Assert.Equal(
            Expect(point => point.MachineGuid == db.Guid && point.State == RestorePointState.Failed),
            await Find(new() { Machine = db.Guid, States = [RestorePointState.Failed] }));
        Assert.Equal(Expect(_ => true), await Find(new() { States = [RestorePointState.Failed, RestorePointState.Success] }));
        Assert.Equal(
            Expect(point => point.CreatedAt >= catalog.Clock.Now.AddHours(-5) && point.CreatedAt < catalog.Clock.Now.AddHours(-1)),
            await Find(new() { From = catalog.Clock.Now.AddHours(-5), Before = catalog.Clock.Now.AddHours(-1) }));
    }

    private static async Task<string[]> WalkAsync(CatalogSession session, ListQuery query, bool byCursor)
    {
        List<string> names = [];
        while (true)
        {
            ListPage<Machine> page = await session.Machines.ListAsync(new MachineFilter(), query, default);
            Assert.Equal(Machines, page.Total);
            names.AddRange(page.Rows.Select(machine => machine.Name));
            if (page.Next is null)
            {
                return [.. names];
            }

            query = byCursor ? query with { After = page.Next } : query with { Page = query.Page + 1 };
        }
    }

    private static IEnumerable<Machine> Sorted(List<Machine> machines, Func<Machine, object?> key, SortDirection direction)
    {
        int Compare(Machine a, Machine b)
        {
            int byKey = (key(a), key(b)) switch
            {
                (string left, string right) => string.CompareOrdinal(left, right),
                var (left, right) => Comparer<object?>.Default.Compare(left, right),
            };
            return byKey != 0 ? byKey : string.CompareOrdinal(a.Guid.ToString(), b.Guid.ToString());
        }

        Machine[] sorted = [.. machines];
        Array.Sort(sorted, Compare);
        return direction == SortDirection.Asc ? sorted : sorted.Reverse();
    }

    private static async Task<List<Machine>> FillAsync(TestCatalog catalog)
    {
        List<Machine> machines = [.. Enumerable.Range(0, Machines).Select(i => catalog.NewMachine(i % 2 == 0 ? $"vm-{i:d2}" : $"VM-{i:d2}") with
        {
            LastBackupAt = i % 4 == 0 ? null : catalog.Clock.Now.AddMinutes(-(i % 7)),
            LastSuccessBytes = i % 5 == 0 ? null : i % 3,
            ProvisionedBytes = i * 37 % 11,
            Present = i % 3 != 0,
        })];
        await catalog.WriteAsync(tx => tx.Machines.InsertManyAsync(machines, default));
        return machines;
    }
}
