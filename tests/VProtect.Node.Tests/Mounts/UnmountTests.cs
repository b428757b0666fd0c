using VProtect.Abstractions.Nodes;
using VProtect.Nbd;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Mounts;

public sealed class UnmountTests
{
    /// <summary>An overlay that cannot be removed (something is mounted on it) ends the first try in the middle of removing them; the second must not commit those left.</summary>
    [Fact]
    public async Task Unmount_that_was_cut_off_after_its_commit_does_not_commit_what_is_left()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync(disks: 2);
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        string mount = Guid.NewGuid().ToString("D");
        MountResult served = await node.SucceedAsync<MountResult>(
            new MountWork { Repository = node.Repository, PointId = backup.PointId, MountGuid = mount, IsWritable = true });
        foreach (MountedDiskResult disk in served.Disks)
        {
            await using NbdClient client = await NbdClient.ConnectAsync(NbdUri.Parse(disk.Uri), new NbdConnectOptions(), default);
            await client.WriteAsync(64 << 10, new byte[64 << 10], fua: true, default);
        }

        string[] overlays = [.. Directory.GetFiles(node["state/mounts"]).Where(file => !Path.GetExtension(file).StartsWith(".tail", StringComparison.Ordinal))];
        Assert.Equal(2, overlays.Length);
        var unmount = new UnmountWork(node.Repository, backup.PointId, mount, Commits: true, "repaired");
        string busy = overlays[^1];
        Tool.Run("mount", "--bind", busy, busy);
        try
        {
            await node.FailAsync(unmount);
        }
        finally
        {
            Tool.Run("umount", busy);
        }

        Assert.True(File.Exists(busy));
        TaskOutcome again = await node.DoAsync(unmount);
        TaskOutcome andAgain = await node.DoAsync(unmount);

        Assert.Equal((TaskEnd.Succeeded, TaskEnd.Succeeded), (again.End, andAgain.End));
        RepositoryResult repository = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        Assert.Equal(2, repository.Points.Count);
        Assert.DoesNotContain(repository.Points, point => point.IsHeld);
        Assert.Empty(Directory.GetFiles(node["state/mounts"]));
        await node.NothingIsLeftAsync();
    }
}
