using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Mounts;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Tests.Tasks;

/// <summary>The life of a mount between its tasks.</summary>
public sealed class MountFlowTests
{
    private static readonly MountResult Served = new("127.0.0.1:10810", [new MountedDiskResult("vda", "nbd://127.0.0.1:10810/vda", 1000, IsWritable: true)]);

    [Fact]
    public async Task A_mount_is_found_again_after_a_restart_at_its_place_and_ends_when_its_time_has_come()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint point = await engine.BackedUpAsync("p1");
        await engine.WriteAsync(tx => engine.Get<TaskRequests>().MountAsync(
            tx, new MountRequest { Point = point.Guid, IsWritable = true, UnmountAt = engine.Time.GetUtcNow().AddHours(8) }, TaskOrigin.Appliance, default));
        await engine.Node.DoAsync(Served);
        Mount mount = await OnlyAsync(engine);
        Assert.Equal((MountState.Mounted, "nbd://127.0.0.1:10810/vda"), (mount.State, mount.Address));

        await engine.RestartAsync();
        Assert.Equal(MountState.Mounting, (await OnlyAsync(engine)).State);
        TaskOrder again = await engine.Node.LeaseAsync();
        MountWork work = Assert.IsType<MountWork>(again.Work);
        Assert.Equal((mount.Guid.ToString("D"), "127.0.0.1:10810", true), (work.MountGuid, work.EndPoint, work.IsWritable));

        // Its repository is away for a while: tried again.
        await engine.Node.FailAsync(again, ErrorCode.StoreFailed, RetryAdvice.Later);
        Assert.Equal(MountState.Mounting, (await OnlyAsync(engine)).State);
        engine.Time.Advance(TimeSpan.FromMinutes(2));
        await engine.Node.DoAsync(Served);
        Assert.Equal(MountState.Mounted, (await OnlyAsync(engine)).State);

        await engine.Get<MountKeeping>().LookAsync(default);
        Assert.Null(await engine.Node.TryLeaseAsync());
        engine.Time.Advance(TimeSpan.FromHours(8));
        await engine.Get<MountKeeping>().LookAsync(default);
        await engine.Get<MountKeeping>().LookAsync(default);
        Assert.Equal(MountState.Unmounting, (await OnlyAsync(engine)).State);
        TaskOrder end = await engine.Node.DoAsync(result: null);
        Assert.True(Assert.IsType<UnmountWork>(end.Work).Commits);
        Assert.Empty((await engine.ReadAsync(session => session.Mounts.ListAsync(restorePoint: null, node: null, new(), default))).Rows);
    }

    [Fact]
    public async Task A_mount_that_failed_says_why_and_can_be_taken_away()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint point = await engine.BackedUpAsync("p1");
        await engine.WriteAsync(tx => engine.Get<TaskRequests>().MountAsync(tx, new MountRequest { Point = point.Guid }, TaskOrigin.Appliance, default));
        await engine.Node.FailAsync(await engine.Node.LeaseAsync(), ErrorCode.WrongKey, RetryAdvice.Never);
        Mount failed = await OnlyAsync(engine);
        Assert.Equal((MountState.Failed, "The disk cannot be read."), (failed.State, failed.StatusInfo));

        VProtectException commit = await Assert.ThrowsAsync<VProtectException>(() => engine.WriteAsync(tx =>
            engine.Get<TaskRequests>().UnmountAsync(tx, new UnmountRequest { Mount = failed.Guid, Commits = true }, TaskOrigin.Appliance, default)));
        Assert.Contains("read-only", commit.Message, StringComparison.Ordinal);
        CatalogTask end = await engine.WriteAsync(tx => engine.Get<TaskRequests>().UnmountAsync(tx, new UnmountRequest { Mount = failed.Guid }, TaskOrigin.Appliance, default));
        await engine.Node.DoAsync(result: null);
        Assert.Equal(TaskState.Finished, (await engine.TaskAsync(end.Guid)).State);
        Assert.Empty((await engine.ReadAsync(session => session.Mounts.ListAsync(restorePoint: null, node: null, new(), default))).Rows);
    }

    [Fact]
    public async Task A_mount_does_not_wait_for_a_free_slot_and_a_backup_does()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint point = await engine.BackedUpAsync("p1");
        await engine.BackUpAsync(priority: 100);
        CatalogTask mount = await engine.WriteAsync(tx => engine.Get<TaskRequests>().MountAsync(tx, new MountRequest { Point = point.Guid }, TaskOrigin.Appliance, default));
        TaskOrder? order = await engine.Node.TryLeaseAsync(slots: 0);
        Assert.Equal(mount.Guid.ToString("D"), order?.TaskGuid);
        Assert.Null(await engine.Node.TryLeaseAsync(slots: 0));
    }

    private static async Task<Mount> OnlyAsync(TestEngine engine) =>
        Assert.Single((await engine.ReadAsync(session => session.Mounts.ListAsync(restorePoint: null, node: null, new(), default))).Rows);
}
