using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.EndToEnd.Tests.Appliance;
using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Nodes;

/// <summary>
/// Goal: a backup is made once and is right, whichever of server, node and the line between them goes away. Method: a server without a node and two nodes, each a
/// process in a network of its own, links cut without a word, processes killed.
/// </summary>
public sealed class RemoteNodeTests
{
    private const long DiskBytes = 6 << 20;
    private const int NodeTimeoutMs = 15_000;

    [Fact]
    public async Task Two_nodes_work_while_links_are_cut_and_the_server_is_killed()
    {
        using IDisposable turn = await NetworkTurn.TakeToChangeAsync();
        TestMachine machine = null!;
        ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => machine = TestMachine.Add(datacenter, "web", 20, DiskBytes));
        await using ApplianceSite disposed = site;
        await machine.FindAsync(site);
        await SetAsync(site, settings =>
        {
            settings["nodeAddress"] = $"*:{FreePort.Take()}";
            settings["nodeTimeout"] = NodeTimeoutMs;
        });
        using var left = new NodeProcess(site, "left");
        using var right = new NodeProcess(site, "right");

        // What belongs to no node configuration is the server's own node's; these two share one.
        string both = (await site.Client.PostAsync("/api/node-configurations", new { name = "both" })).GetProperty("guid").GetString()!;
        await site.Client.PutAsync($"/api/hypervisors/{site.Hypervisor}", new { nodeConfig = new { guid = both } });
        await site.Client.PutAsync($"/api/backup-destinations/{site.Destination}", new { nodeConfigs = new[] { new { guid = both } } });
        await left.JoinAsync(both);
        await right.JoinAsync(both);

        // The server goes on without a node of its own.
        await site.StopAsync();
        await site.StartAsync(role: "server");
        left.Start();
        right.Start();
        await OnlineAsync(left);
        await OnlineAsync(right);
        string first = await site.BackUpAsync(machine.Guid);
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(first));

        // 1. The line is cut for a while during a backup: it goes on and is told later, by the same try.
        await machine.WriteAsync();
        List<byte[]> content = await machine.ReadAsync();
        (string task, NodeProcess holder) = await BeginBackupAsync();
        holder.Network.Cut();
        site.Datacenter.LiftAll();
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Equal("RUNNING", ApplianceSite.StateOf(await site.TaskAsync(task)));
        holder.Network.Mend();
        JsonElement ended = await site.SucceedsAsync(task);
        Assert.Equal(1, ended.GetProperty("attempt").GetInt32());
        Assert.Equal(content, await site.RestoreAsync(ApplianceSite.BackupOf(ended)));

        // 2. The server is killed during a backup: the node works on, and tells the next server how it went.
        await machine.WriteAsync();
        content = await machine.ReadAsync();
        (task, _) = await BeginBackupAsync();
        await site.KillAsync();
        site.Datacenter.LiftAll();
        await site.StartAsync(role: "server");
        ended = await site.SucceedsAsync(task);
        Assert.Equal(1, ended.GetProperty("attempt").GetInt32());
        Assert.Equal(content, await site.RestoreAsync(ApplianceSite.BackupOf(ended)));
        await OnlineAsync(left);
        await OnlineAsync(right);

        // 3. The line is cut for good: the other node does it, and the first, when it is back, drops what is not its own any more.
        await machine.WriteAsync();
        content = await machine.ReadAsync();
        (task, holder) = await BeginBackupAsync();
        holder.Network.Cut();
        await ApplianceSite.UntilAsync(async () => await holder.StateAsync() == "OFFLINE", () => "The node is not given up.");
        site.Datacenter.LiftAll();
        ended = await site.SucceedsAsync(task);
        Assert.Equal(2, ended.GetProperty("attempt").GetInt32());
        Assert.Equal("OFFLINE", await holder.StateAsync());
        Assert.Equal(content, await site.RestoreAsync(ApplianceSite.BackupOf(ended)));
        holder.Network.Mend();
        await OnlineAsync(holder);
        await site.PlatformIsCleanAsync();
        Assert.Equal(4, (await site.BackupsAsync(machine.Guid)).Count);

        // 4. Nothing secret of a platform or destination is left on the nodes; and one that was removed is let in no more.
        Assert.Equal("", Tool.TryRun("grep", "-rla", "only-the-platform-knows", left.Data, right.Data).Output);
        await site.Client.DeleteAsync($"/api/nodes/{left.Guid}");
        await ApplianceSite.UntilAsync(
            () => Task.FromResult(File.ReadAllText(Path.Join(left.Data, "logs", "vprotect.log")).Contains("does not know this node", StringComparison.Ordinal)), () => "The node was not told.");
        await machine.WriteAsync();
        Assert.Equal(await machine.ReadAsync(), await site.RestoreAsync(await site.BackUpAsync(machine.Guid)));

        async Task<(string Task, NodeProcess Holder)> BeginBackupAsync()
        {
            string pause = site.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause) { Passes = 1 });
            string guid = await site.AskBackupAsync(machine.Guid);
            await ApplianceSite.UntilAsync(() => Task.FromResult(site.Datacenter.HitsOf(pause) > 1), () => $"No second read.\n{site.Process.Said}");
            string node = (await site.TaskAsync(guid)).GetProperty("node").GetProperty("name").GetString()!;
            return (guid, node == left.Name ? left : right);
        }
    }

    private static Task OnlineAsync(NodeProcess node) => ApplianceSite.UntilAsync(async () => await node.StateAsync() == "ONLINE", () => $"Node {node.Name} does not come.");

    private static async Task SetAsync(ApplianceSite site, Action<JsonObject> change)
    {
        JsonObject settings = JsonObject.Create(await site.Client.GetAsync("/api/global-settings"))!;
        change(settings);
        await site.Client.PutAsync("/api/global-settings", settings);
    }
}
