using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep;

public sealed class GarbageCollectorTests
{
    [Fact]
    public async Task What_only_a_forgotten_point_needed_goes_after_two_collections()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] first = Noise(1, 6 << 20);
        byte[] second = Noise(2, 6 << 20);
        RestorePoint kept = await repository.BackUpAsync(first);
        RestorePoint dropped = await repository.BackUpAsync(second, "other");
        long before = await SizeAsync(repository);
        await repository.Repository.ForgetAsync(dropped, default);
        Assert.Single(await repository.Repository.ListPointsAsync(default));

        CollectResult condemned = await repository.CollectAsync();
        Assert.Equal((1, 0), (condemned.PointsRemoved, condemned.PacksRemoved));
        Assert.True(condemned.CondemnedBytes > 6 << 20);
        CollectResult swept = await repository.CollectAsync();
        Assert.True(swept.FreedBytes > 6 << 20);
        Assert.True(await SizeAsync(repository) < before - (6 << 20));
        Assert.Equal(first, await repository.RestoreAsync(kept));
        Assert.True((await repository.VerifyAsync()).IsSound);
    }

    [Fact]
    public async Task A_point_survives_the_removal_of_all_it_shares_with()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = RandomDisk.Create(new Random(3), 5 << 20);
        RestorePoint first = await repository.BackUpAsync(content);
        List<Extent> changes = RandomDisk.Change(new Random(4), content);
        RestorePoint second = await repository.BackUpAsync(content, changes: changes);
        await repository.Repository.ForgetAsync(first, default);
        await repository.CollectAsync();
        await repository.CollectAsync();
        Assert.Equal(content, await repository.RestoreAsync(second));
        await using TestRepository again = await repository.OpenAgainAsync();
        Assert.Equal(content, await again.RestoreAsync(second));
    }

    [Fact]
    public async Task A_writer_at_work_holds_back_the_sweep()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(Noise(5, 5 << 20));
        await AdvanceAsync(repository);
        await using Lease lease = await Lease.TakeAsync(repository.Repository, PackId.NewRandom().ToString(), [], default);
        Assert.Equal(1, lease.Collection.Generation);
        await repository.Repository.ForgetAsync(point, default);
        Assert.True((await repository.CollectAsync()).PacksCondemned > 0);
        CollectResult heldBack = await repository.CollectAsync();
        Assert.Equal(0, heldBack.PacksRemoved);
        Assert.True(heldBack.IsHeldBackByWriter);
        await lease.DisposeAsync();
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
    }

    [Fact]
    public async Task Packs_that_may_be_of_a_writer_at_work_are_not_condemned()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(Noise(5, 1 << 20));
        await using (await Lease.TakeAsync(repository.Repository, PackId.NewRandom().ToString(), [], default))
        {
            await repository.Repository.ForgetAsync(point, default);
            CollectResult heldBack = await repository.CollectAsync();
            Assert.Equal((1, 0, true), (heldBack.PointsRemoved, heldBack.PacksCondemned, heldBack.IsHeldBackByWriter));
        }

        Assert.True((await repository.CollectAsync()).PacksCondemned > 0);
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
    }

    [Fact]
    public async Task A_pinned_parent_stays_until_its_writer_has_ended()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(6, 3 << 20);
        RestorePoint parent = await repository.BackUpAsync(content);
        await using (await Lease.TakeAsync(repository.Repository, PackId.NewRandom().ToString(), [parent.Id], default))
        {
            await repository.Repository.ForgetAsync(parent, default);
            Assert.Equal(0, (await repository.CollectAsync()).PointsRemoved);
            Assert.Equal(content, await repository.RestoreAsync(parent));
        }

        Assert.Equal(1, (await repository.CollectAsync()).PointsRemoved);
    }

    [Fact]
    public async Task What_is_condemned_is_not_built_upon()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(7, 3 << 20);
        RestorePoint first = await repository.BackUpAsync(content);
        await repository.Repository.ForgetAsync(first, default);
        await repository.CollectAsync();
        await using TestRepository other = await repository.OpenAgainAsync();
        RestorePoint second = await other.BackUpAsync(content, "later");
        Assert.True(second.Disks[0].NewBytes >= content.Length);
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
        Assert.Equal(content, await other.RestoreAsync(second));
        Assert.True((await other.VerifyAsync()).IsSound);
    }

    [Fact]
    public async Task Little_that_is_left_of_a_pack_is_rewritten()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] big = Noise(8, 3 << 20);
        byte[] small = big[..(256 << 10)];
        RestorePoint dropped = await repository.BackUpAsync(big, "big");
        RestorePoint kept = await repository.BackUpAsync(small, "small");
        await repository.Repository.ForgetAsync(dropped, default);
        Assert.True((await repository.CollectAsync()).RewrittenBytes > 0);
        await repository.CollectAsync();
        Assert.True(await SizeAsync(repository) < 1 << 20);
        Assert.Equal(small, await repository.RestoreAsync(kept));
        Assert.True((await repository.VerifyAsync()).IsSound);
    }

    [Fact]
    public async Task A_commit_after_its_lease_was_broken_fails()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(9, 3 << 20);
        bool broken = false;
        await using var disk = new MemoryDisk(content);
        disk.OnAccess = (_, _) =>
        {
            if (!broken)
            {
                broken = true;
                repository.CollectAsync(new CollectOptions { BreakLeases = true }).GetAwaiter().GetResult();
            }
        };
        var pipeline = new BackupPipeline(repository.Chunks, new BackupOptions(), new BackupCounters(), TimeProvider.System);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() =>
            pipeline.RunAsync(new BackupRequest { Machine = "vm", Disks = [new BackupDisk("disk0", disk)] }, default));
        Assert.Equal(ErrorCode.LeaseBroken, error.Code);
        Assert.Empty(await repository.Repository.ListPointsAsync(default));
    }

    [Fact]
    public async Task A_damaged_manifest_stops_collection_before_anything_is_removed()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint kept = await repository.BackUpAsync(Noise(10, 2 << 20));
        RestorePoint dropped = await repository.BackUpAsync(Noise(11, 2 << 20), "other");
        await repository.Repository.ForgetAsync(dropped, default);
        await repository.TamperAsync($"points/{kept.Id}", bytes =>
        {
            bytes[^40] ^= 1;
            return bytes;
        });
        List<string> packs = await repository.KeysAsync("packs/");
        await Assert.ThrowsAsync<IntegrityException>(() => repository.CollectAsync());
        Assert.Equal(packs, await repository.KeysAsync("packs/"));
    }

    /// <summary>Makes a generation of collection.</summary>
    private static async Task AdvanceAsync(TestRepository repository)
    {
        RestorePoint passing = await repository.BackUpAsync(Noise(99, 100_000), "passing");
        await repository.Repository.ForgetAsync(passing, default);
        Assert.True((await repository.CollectAsync(rewriteBelow: 0)).PacksCondemned > 0);
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static async Task<long> SizeAsync(TestRepository repository)
    {
        long size = 0;
        await foreach (ObjectInfo item in repository.Store.ListAsync("packs/", default))
        {
            size += item.SizeBytes;
        }

        return size;
    }
}
