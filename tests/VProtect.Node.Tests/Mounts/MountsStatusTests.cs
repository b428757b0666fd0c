using VProtect.Abstractions.Nodes;
using VProtect.Nbd;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Mounts;

public sealed class MountsStatusTests
{
    [Fact]
    public async Task What_mounts_keep_is_told_with_every_question_for_work()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync(diskBytes: 1 << 20);
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        MountsStatus before = await TellAsync(node, mounts => mounts.Count == 0);
        Assert.Equal((0, 0, 0), (before.MemoryBytes, before.ChunksFromMemory, before.ChunksFromRepositories));
        Assert.InRange(before.MemoryBytesMax, 1, long.MaxValue);

        string mount = Guid.NewGuid().ToString("D");
        node.Channel.Settings = new NodeSettings { MountCacheBytesMax = 64 << 20 };
        MountResult served = await node.SucceedAsync<MountResult>(new MountWork { Repository = node.Repository, PointId = backup.PointId, MountGuid = mount });
        await using (NbdClient client = await NbdClient.ConnectAsync(NbdUri.Parse(served.Disks[0].Uri), new NbdConnectOptions(), default))
        {
            byte[] read = new byte[64 << 10];
            await client.ReadAsync(0, read, default);
            await client.ReadAsync(0, read, default);
        }

        MountsStatus told = await TellAsync(node, mounts => mounts.ChunksFromMemory > 0);
        Assert.Equal((1, 64 << 20, 0), (told.Count, told.FileBytesMax, told.FileBytes));
        Assert.InRange(told.MemoryBytes, 64 << 10, told.MemoryBytesMax);
        Assert.InRange(told.ChunksFromRepositories, 1, long.MaxValue);

        await node.DoAsync(new UnmountWork(node.Repository, backup.PointId, mount, Commits: false, Label: null));
        MountsStatus after = await TellAsync(node, mounts => mounts.Count == 0);
        Assert.Equal((0, told.ChunksFromMemory), (after.MemoryBytes, after.ChunksFromMemory));
        await node.NothingIsLeftAsync();
    }

    /// <summary>The next that it tells and that is so.</summary>
    private static async Task<MountsStatus> TellAsync(TestNode node, Func<MountsStatus, bool> isSo)
    {
        node.Channel.Statuses.Clear();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (node.Channel.Statuses.TryDequeue(out NodeStatus? status) && isSo(status.Mounts!))
            {
                return status.Mounts!;
            }

            await Task.Delay(5, patience.Token);
        }
    }
}
