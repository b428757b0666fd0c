using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog.Tests.Sql;

/// <summary>No list call reads a table from end to end: the planner of either database finds an index for each.</summary>
public sealed class PlanTests
{
    [Theory, BothDatabases]
    public async Task No_list_call_scans_a_table(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await FillAsync(catalog);
        await using CatalogTransaction session = await catalog.Database.BeginAsync(default);
        if (provider == CatalogProvider.PostgreSql)
        {
            // With little data a scan is right; without it a scan in the plan means that no index serves.
            await session.ExecuteAsync(SqlText.Raw("SET LOCAL enable_seqscan = off"), default);
        }

        MachineTable machines = session.Machines;
        RestorePointTable points = session.RestorePoints;
        TaskTable tasks = session.Tasks;
        Guid any = Guid.NewGuid();
        foreach (SortColumn sort in machines.Shape.Sorts)
        {
            await CheckAsync(machines, new SqlFilter(), sort.Api);
            await CheckAsync(machines, machines.ToSql(new() { Hypervisor = any }, new()), sort.Api);
        }

        await CheckAsync(machines, machines.ToSql(new() { Policy = any }, new()));
        await CheckAsync(machines, machines.ToSql(new() { Tag = "x" }, new()));
        await CheckAsync(machines, machines.ToSql(new() { UpToDate = false, Present = true }, new()));
        foreach (SortColumn sort in points.Shape.Sorts)
        {
            foreach (RestorePointFilter filter in new RestorePointFilter[]
            {
                new(), new() { Machine = any }, new() { Destination = any }, new() { Policy = any }, new() { Type = BackupType.Full },
                new() { States = [RestorePointState.Failed] }, new() { States = [RestorePointState.Failed, RestorePointState.Cancelled] },
                new() { From = catalog.Clock.Now.AddDays(-1), Before = catalog.Clock.Now },
            })
            {
                await CheckAsync(points, RestorePointTable.ToSql(filter, new()), sort.Api);
                await CheckAsync(points, RestorePointTable.ToSql(filter, new() { Filter = "web" }), sort.Api);
            }
        }

        foreach (TaskFilter filter in new TaskFilter[]
        {
            new(), new() { States = [TaskState.Queued] }, new() { Types = [TaskType.Export, TaskType.Store] }, new() { Machine = any }, new() { RestorePoint = any },
            new() { Schedule = any }, new() { Policy = any }, new() { Workflow = any }, new() { Tenant = "t" },
        })
        {
            await CheckAsync(tasks, filter.ToSql(new()));
        }
    }

    private static async Task CheckAsync<TRow>(EntityTable<TRow> table, SqlFilter filter, string? orderBy = null)
        where TRow : class, IEntity
    {
        var query = new ListQuery { OrderBy = orderBy };
        var select = new ListSelect<TRow>(table.Session, table.Map, table.Shape, filter, query);
        foreach ((SqlText sql, bool isCount) in (IEnumerable<(SqlText, bool)>)
            [(select.Count(), true), (select.Select(100, 0), false), (select.Select(1_000_000, 0), false), (select.Select(1_000_000, 900_000), false)])
        {
            bool sqlite = table.Session.Dialect == Dialect.Sqlite;
            List<string> plan = await table.Session.QueryAsync(
                sqlite ? $"EXPLAIN QUERY PLAN {sql}" : (SqlText)$"EXPLAIN {sql}", row => row.GetString(sqlite ? 3 : 0), default);

            // An index walked along the order is a scan in SQLite's words, too; the page, and ready counts, are small.
            string[] scans = [.. plan.Where(line => sqlite
                ? line.StartsWith("SCAN ", StringComparison.Ordinal) && !line.Contains(" INDEX ", StringComparison.Ordinal) &&
                    line is not "SCAN page" && !line.Contains("_counts", StringComparison.Ordinal)
                : line.Contains("Seq Scan on", StringComparison.Ordinal) && !line.Contains("_counts", StringComparison.Ordinal))];
            Assert.True(scans.Length == 0, $"{table.Map.Name} by {orderBy}, count {isCount}: {sql.Render((_, _) => { })}\n{string.Join('\n', plan)}");
        }
    }

    private static async Task FillAsync(TestCatalog catalog)
    {
        Machine[] machines = [.. Enumerable.Range(0, 50).Select(i => catalog.NewMachine($"m{i}"))];
        Destination destination = catalog.NewDestination("vault");
        await catalog.WriteAsync(async tx =>
        {
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Machines.InsertManyAsync(machines, default);
            await tx.RestorePoints.InsertManyAsync(
                Enumerable.Range(0, 2000).Select(i => catalog.NewPoint(machines[i % 50], destination, TimeSpan.FromMinutes(i)) with { SizeBytes = i }), default);
            await tx.Tasks.InsertManyAsync(Enumerable.Range(0, 500).Select(i => catalog.NewTask() with { State = TaskState.Finished }), default);
        });
        await catalog.Database.MaintainAsync(default);
    }
}
