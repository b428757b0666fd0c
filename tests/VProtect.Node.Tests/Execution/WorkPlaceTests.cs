using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class WorkPlaceTests
{
    [Fact]
    public async Task Temporary_work_is_where_the_server_says_for_what_begins_and_gone_afterwards()
    {
        await using TestNode node = await StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        node.Channel.Settings = new NodeSettings { WorkPath = node["work/one"] };
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string running = node.Channel.Give(node.BackupOf(machine));
        await UntilAsync(() => node.Datacenter.HitsOf(pause) > 0);
        Assert.Single(Indexes("one"));

        // What runs keeps its place; what begins has the other, and so has what mounts read.
        node.Channel.Settings = new NodeSettings { WorkPath = node["work/two"], MountCacheBytesMax = 64 << 20 };
        await node.FailAsync(new VerifyWork(node.Repository with { Location = node["nothing"] }, 100, BytesPerSecondMax: null));
        Assert.True(Directory.Exists(node["work/two/vprotect-node-1"]));
        Assert.Single(Indexes("one"));
        node.Datacenter.LiftAll();
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(running)).End);
        await UntilAsync(() => Indexes("one").Length == 0);
        await node.SucceedAsync<CollectWorkResult>(new CollectWork(node.Repository));
        await UntilAsync(() => Indexes("two").Length == 0 && Directory.GetDirectories(node["work/two/vprotect-node-1"], "vprotect-ledger-*").Length == 0);

        // For this node alone; without the setting all is as it was.
        Assert.Equal("700", Tool.Run("stat", "-c", "%a", node["work/two/vprotect-node-1"]).Trim());
        Directory.Delete(node["work"], recursive: true);
        node.Channel.Settings = new NodeSettings();
        await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        Assert.False(Directory.Exists(node["work"]));
        await node.NothingIsLeftAsync();

        string[] Indexes(string place) => Directory.GetDirectories(node[$"work/{place}/vprotect-node-1"], "vprotect-index-*");
    }

    [Fact]
    public async Task Place_that_cannot_be_written_is_told_with_the_field_and_stops_nothing_else()
    {
        await using TestNode node = await StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        await File.WriteAllTextAsync(node["file"], "");
        Directory.CreateDirectory(node["elsewhere"]);
        Directory.CreateDirectory(node["linked"]);
        Directory.CreateSymbolicLink(node["linked/vprotect-node-1"], node["elsewhere"]);
        Directory.CreateDirectory(node["strange/vprotect-node-1"]);
        Tool.Run("chown", "4711", node["strange/vprotect-node-1"]);
        foreach (string place in (string[])[node["file"], node["file/below"], "/proc/nowhere", "relative", node["work/../up"], node["linked"], node["strange"]])
        {
            node.Channel.Settings = new NodeSettings { WorkPath = place };
            foreach (Work work in (Work[])
                [node.BackupOf(machine), new CollectWork(node.Repository), new MountWork { Repository = node.Repository, PointId = backup.PointId, MountGuid = Guid.NewGuid().ToString("D") }])
            {
                TaskFault fault = await node.FailAsync(work);
                Assert.Equal((ErrorCode.WorkPlaceUnusable, RetryAdvice.Never), (fault.Code, fault.Retry));
                Assert.StartsWith("workPath: ", fault.Message, StringComparison.Ordinal);
                Assert.Contains($"'{place}'", fault.Message, StringComparison.Ordinal);
                Assert.Contains("--setting workPath=", fault.Guidance, StringComparison.Ordinal);
            }

            await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(node["elsewhere"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(node["strange/vprotect-node-1"]));
        node.Channel.Settings = new NodeSettings { WorkPath = node["strange"] };
        TaskFault strange = await node.FailAsync(node.BackupOf(machine));
        Assert.Contains($"'{node["strange/vprotect-node-1"]}' belongs to another user (uid 4711)", strange.Message, StringComparison.Ordinal);
        Assert.Contains("remove it", strange.Guidance, StringComparison.Ordinal);
        Directory.Delete(node["strange/vprotect-node-1"]);
        await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        node.Channel.Settings = new NodeSettings { WorkPath = node["good"] };
        await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        await node.NothingIsLeftAsync();
    }

    /// <summary>A node whose lasting indexes cannot be used, so that each run has one of its own.</summary>
    private static async Task<TestNode> StartAsync()
    {
        TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { RepositoryIdleTime = TimeSpan.Zero });
        await UntilAsync(() =>
        {
            try
            {
                Directory.Delete(node["state/index"], recursive: true);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        });
        await File.WriteAllTextAsync(node["state/index"], "");
        return node;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
