using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;
using VProtect.Catalog.Views;

namespace VProtect.CatalogScale;

/// <summary>
/// An appliance joins a server: how long all it has takes to be told, without the line; what its notes cost it from then on; and what the mirror costs those who act at
/// the server, as a ratio to the same server before.
/// </summary>
internal sealed class FeedRun(string directory, int machines, int points, int iterations)
{
    private const int BatchRows = 1000;

    public async Task RunAsync()
    {
        await using CatalogDatabase site = await OpenAsync("site.db");
        await using CatalogDatabase head = await OpenAsync("head.db");
        var there = new Generator(site, machines, points);
        await there.FillAsync();
        var here = new Generator(head, machines / 10, points / 10);
        await here.FillAsync();
        await site.MaintainAsync(default);
        await head.MaintainAsync(default);

        double changeAlone = await ChangeAsync(site, there.Machines);
        // What is claimed stays running, and later claims count it: the second time is what the third is compared with.
        await ClaimAsync(head, here.Node);
        double claimAlone = await ClaimAsync(head, here.Node);
        double listAlone = await ListAsync(head);

        var node = new Node { Name = "site", State = NodeState.Online, EnrolledAt = DateTimeOffset.UtcNow };
        await WriteAsync(head, async tx =>
        {
            await tx.Nodes.InsertAsync(node, default);
            await tx.Appliances.InsertAsync(new JoinedAppliance { Guid = node.Guid }, default);
        });
        long begun = Stopwatch.GetTimestamp();
        await WriteAsync(site, tx => tx.Feed.BeginAsync(default));
        TimeSpan noted = Stopwatch.GetElapsedTime(begun);
        (long rows, long bytes, TimeSpan told) = await TellAsync(site, head, node.Guid);
        await head.MaintainAsync(default);
        Console.WriteLine($"feed of everything: noted in {noted.TotalSeconds:f1} s; {rows:n0} rows, {bytes >> 20:n0} MiB of JSON in {told.TotalSeconds:f1} s: {rows / told.TotalSeconds:n0} rows/s");

        long counted = Stopwatch.GetTimestamp();
        using (CatalogView.WithOthers())
        {
            (long there2, long text) = await ReadAsync(head, session => session.Mirror.SizeAsync(node.Guid, default));
            Console.WriteLine($"what it has there, as its quota counts it: {there2:n0} rows, {text >> 20:n0} MiB of text, in {Stopwatch.GetElapsedTime(counted).TotalSeconds:f1} s");
        }

        double changeJoined = await ChangeAsync(site, there.Machines);
        (rows, _, told) = await TellAsync(site, head, node.Guid);
        Console.WriteLine($"change of a machine, with commit: alone {changeAlone:f2} ms, joined {changeJoined:f2} ms ({changeJoined / changeAlone:f2} x); {rows} of them told in {told.TotalMilliseconds:f0} ms");
        double claimJoined = await ClaimAsync(head, here.Node);
        double listJoined = await ListAsync(head);
        Console.WriteLine($"at the server, with {machines * 10 / (machines / 10) / 10:n0} times as much of others as of its own:");
        Console.WriteLine($"  claim of a task, with commit: before {claimAlone:f2} ms, joined {claimJoined:f2} ms ({claimJoined / claimAlone:f2} x)");
        Console.WriteLine($"  first page of its own machines, for whoever acts: before {listAlone:f2} ms, joined {listJoined:f2} ms ({listJoined / listAlone:f2} x)");
        using IDisposable others = CatalogView.WithOthers();
        Console.WriteLine($"  first page of everybody's machines, for whoever looks: {await ListAsync(head):f2} ms");
    }

    private Task<CatalogDatabase> OpenAsync(string name) => CatalogDatabase.OpenAsync(new CatalogOptions { Path = Path.Combine(directory, name) }, default);

    private static async Task WriteAsync(CatalogDatabase catalog, Func<CatalogTransaction, Task> change)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(default);
        await change(transaction);
        await transaction.CommitAsync(default);
    }

    private static async Task<(long Rows, long Bytes, TimeSpan Time)> TellAsync(CatalogDatabase site, CatalogDatabase head, Guid appliance)
    {
        using IDisposable others = CatalogView.WithOthers();
        long begun = Stopwatch.GetTimestamp();
        (long rows, long bytes) = (0, 0);
        while (true)
        {
            (FeedBatch batch, IReadOnlyList<long> changes) = await ReadAsync(site, async session => (await session.Feed.NextAsync(BatchRows, default))!.Value);
            if (batch.Rows.Count == 0)
            {
                return (rows, bytes, Stopwatch.GetElapsedTime(begun));
            }

            byte[] told = JsonSerializer.SerializeToUtf8Bytes(batch, NodeWireJson.Default.FeedBatch);
            FeedBatch heard = JsonSerializer.Deserialize(told, NodeWireJson.Default.FeedBatch)!;
            await WriteAsync(head, tx => tx.Mirror.ApplyAsync(appliance, heard.Rows, default));
            await WriteAsync(site, tx => tx.Feed.AcknowledgeAsync(batch, changes, default));
            rows += batch.Rows.Count;
            bytes += told.Length;
        }
    }

    private static async Task<T> ReadAsync<T>(CatalogDatabase catalog, Func<CatalogSession, Task<T>> read)
    {
        await using CatalogSession session = await catalog.ReadAsync(default);
        return await read(session);
    }

    private Task<double> ChangeAsync(CatalogDatabase catalog, Machine[] all) => MedianAsync(i => WriteAsync(catalog, async tx =>
    {
        Machine machine = await tx.Machines.GetAsync(all[i % all.Length].Guid, default);
        await tx.Machines.UpdateAsync(machine with { GuestOs = i.ToString(CultureInfo.InvariantCulture) }, default);
    }));

    private Task<double> ClaimAsync(CatalogDatabase catalog, Node node)
    {
        var claim = new TaskClaim { Node = node.Guid, Own = new OwnWork(node.Guid, []), Generation = 1, Types = Enum.GetValues<TaskType>(), NodeRunningMax = 100_000, SourceRunningMax = 100_000 };
        return MedianAsync(_ => WriteAsync(catalog, async tx => await tx.Tasks.ClaimNextAsync(claim, default)));
    }

    private Task<double> ListAsync(CatalogDatabase catalog) =>
        MedianAsync(_ => ReadAsync(catalog, session => session.Machines.ListAsync(new MachineFilter { Present = true }, new(), default)));

    private async Task<double> MedianAsync(Func<int, Task> call)
    {
        double[] times = new double[iterations];
        for (int i = 0; i < iterations; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await call(i);
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[iterations / 2];
    }
}
