using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;

namespace VProtect.CatalogScale;

/// <summary>The list calls of the API, each with arguments that differ from call to call, in milliseconds.</summary>
internal sealed class ListCalls(CatalogDatabase database, Generator data, int iterations)
{
    private readonly Random _random = new(7);

    /// <summary>Runs all; returns the worst p99.</summary>
    public async Task<double> RunAsync()
    {
        var table = new CallTable(iterations);
        foreach ((string name, Func<CatalogSession, Task<(int Rows, long Total)>> call) in All())
        {
            await table.MeasureAsync(name, async () =>
            {
                await using CatalogSession session = await database.ReadAsync(default);
                return await call(session);
            });
        }

        return table.WorstMilliseconds;
    }

    private IEnumerable<(string Name, Func<CatalogSession, Task<(int Rows, long Total)>> Call)> All()
    {
        foreach (string order in (string[])["name", "lastBackup", "lastSuccessfulBackupSize", "provisionedSize", "rpoDue"])
        {
            yield return Machines($"machines by {order}, any page", () => new(), order: order);
        }

        yield return Machines("machines, text of a fifth", () => new(), "WEB");
        yield return Machines("machines, rare text", () => new(), () => $"{_random.Next(10000):d5}");
        yield return Machines("machines of a host", () => new() { Hypervisor = Any(data.Hypervisors).Guid });
        yield return Machines("machines of a policy", () => new() { Policy = Any(data.Policies).Guid });
        yield return Machines("machines with a tag", () => new() { Tag = "prod" });
        yield return Machines("machines not up to date", () => new() { UpToDate = false });
        yield return Machines("machines present, failed last", () => new() { Present = true, LastBackupState = RestorePointState.Failed });

        yield return Points("restore points, first pages", () => new(), maxPage: 20);
        yield return Points("restore points, any page", () => new(), maxPage: int.MaxValue);
        yield return Points("restore points by size, first pages", () => new(), maxPage: 20, order: "size");
        yield return Points("restore points of a machine", () => new() { Machine = Any(data.Machines).Guid });
        yield return Points("restore points in a destination", () => new() { Destination = Any(data.Destinations).Guid });
        yield return Points("restore points in a destination, any page", () => new() { Destination = data.Destinations[0].Guid }, maxPage: int.MaxValue);
        yield return Points("restore points in a destination by size", () => new() { Destination = Any(data.Destinations).Guid }, order: "size");
        yield return Points("restore points of a policy, good", () => new() { Policy = Any(data.Policies).Guid, States = [RestorePointState.Success] });
        yield return Points("restore points failed or cancelled", () => new() { States = [RestorePointState.Failed, RestorePointState.Cancelled] });
        yield return Points("restore points in no such state", () => new() { States = [RestorePointState.Removing] }, order: "size");
        yield return Points("restore points full, failed, in a destination", () => new()
        {
            Type = BackupType.Full,
            States = [RestorePointState.Failed],
            Destination = Any(data.Destinations).Guid,
        });
        yield return Points("restore points, text of a fifth of machines", () => new(), "mail");
        yield return Points("restore points, rare text", () => new(), () => $"{_random.Next(10000):d5}");
        yield return Points("restore points of a day", () =>
        {
            DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-_random.Next(1, 60));
            return new() { From = from, Before = from.AddDays(1) };
        });
        yield return ("restore points, next by cursor ×5", async session =>
        {
            ListPage<RestorePoint> page = await session.RestorePoints.ListAsync(new(), new() { Page = _random.Next(100) }, default);
            for (int i = 0; i < 4; i++)
            {
                page = await session.RestorePoints.ListAsync(new(), new() { After = page.Next }, default);
            }

            return (page.Rows.Count, page.Total);
        }
        );

        yield return Tasks("tasks, first pages", () => new());
        yield return Tasks("tasks, any page", () => new(), maxPage: int.MaxValue);
        yield return Tasks("tasks queued or running", () => new() { States = [TaskState.Queued, TaskState.Running] });
        yield return Tasks("tasks failed", () => new() { States = [TaskState.Failed] });
        yield return Tasks("tasks of a machine", () => new() { Machine = Any(data.Machines).Guid });
        yield return Tasks("tasks of a type, by end", () => new() { Types = [TaskType.Store] }, order: "finished");
    }

    private (string, Func<CatalogSession, Task<(int, long)>>) Machines(string name, Func<MachineFilter> filter, string? text = null, string? order = null) =>
        Machines(name, filter, () => text, order);

    private (string, Func<CatalogSession, Task<(int, long)>>) Machines(string name, Func<MachineFilter> filter, Func<string?> text, string? order = null) =>
        (name, async session => Result(await session.Machines.ListAsync(
            filter(), new ListQuery { Filter = text(), OrderBy = order, Page = order is null ? 0 : _random.Next(data.Machines.Length / 50) }, default)));

    private (string, Func<CatalogSession, Task<(int, long)>>) Points(
        string name, Func<RestorePointFilter> filter, string? text = null, string? order = null, int maxPage = 1) =>
        Points(name, filter, () => text, order, maxPage);

    private (string, Func<CatalogSession, Task<(int, long)>>) Points(
        string name, Func<RestorePointFilter> filter, Func<string?> text, string? order = null, int maxPage = 1)
    {
        long total = 0;
        return (name, async session =>
        {
            int page = (int)_random.NextInt64(Math.Min(maxPage, (total / 50) + 1));
            ListPage<RestorePoint> found = await session.RestorePoints.ListAsync(
                filter(), new ListQuery { Filter = text(), OrderBy = order, Direction = SortDirection.Desc, Page = page }, default);
            total = found.Total;
            return Result(found);
        }
        );
    }

    private (string, Func<CatalogSession, Task<(int, long)>>) Tasks(string name, Func<TaskFilter> filter, string? order = null, int maxPage = 20)
    {
        long total = 0;
        return (name, async session =>
        {
            int page = (int)_random.NextInt64(Math.Min(maxPage, (total / 50) + 1));
            ListPage<CatalogTask> found = await session.Tasks.ListAsync(filter(), new ListQuery { OrderBy = order, Page = page }, default);
            total = found.Total;
            return Result(found);
        }
        );
    }

    private T Any<T>(T[] of) => of[_random.Next(of.Length)];

    private static (int Rows, long Total) Result<T>(ListPage<T> page) => (page.Rows.Count, page.Total);
}
