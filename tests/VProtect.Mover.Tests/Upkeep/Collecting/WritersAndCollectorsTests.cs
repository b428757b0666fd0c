using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep.Collecting;

/// <summary>
/// Goal: what FORMAT.md section 7 says of a writer's step that meets a collector's. Method: one of the two is held back at one call
/// of the store, the other runs in between, then the first goes on; every restore point must give back its bytes after two more
/// collections.
/// </summary>
public sealed class WritersAndCollectorsTests
{
    [Fact]
    public async Task A_writer_that_is_overtaken_before_its_lease_begins_anew()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        var store = new PausingStore(repository.Store);
        await using TestRepository writer = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("leases/", StringComparison.Ordinal));
        Task<Lease> taking = Lease.TakeAsync(writer.Repository, PackId.NewRandom().ToString(), [], default);
        await paused;
        await AdvanceAsync(repository);
        store.Resume();
        await using Lease lease = await taking;
        Assert.Equal(1, lease.Collection.Generation);
        Assert.Equal(1, await OpenLeasesAsync(repository));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_writer_suspended_for_many_generations_begins_anew(int generation)
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        for (int i = 0; i < generation; i++)
        {
            await AdvanceAsync(repository);
        }

        var store = new PausingStore(repository.Store);
        await using TestRepository writer = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("leases/", StringComparison.Ordinal));
        Task<Lease> taking = Lease.TakeAsync(writer.Repository, PackId.NewRandom().ToString(), [], default);
        await paused;
        for (int i = 0; i < CollectionState.LagMax + 4; i++)
        {
            await AdvanceAsync(repository);
        }

        store.Resume();
        await using Lease lease = await taking;
        Assert.Equal(generation + CollectionState.LagMax + 4, lease.Collection.Generation);
        Assert.Equal(1, await OpenLeasesAsync(repository));
    }

    [Fact]
    public async Task A_parent_removed_before_the_lease_is_done_without()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(1, 1 << 20);
        RestorePoint parent = await repository.BackUpAsync(content);
        var store = new PausingStore(repository.Store);
        await using TestRepository writer = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("leases/", StringComparison.Ordinal));
        Task<RestorePoint> backup = Task.Run(() => writer.BackUpAsync(content, changes: []));
        await paused;
        await repository.Repository.ForgetAsync(parent, default);
        Assert.Equal(1, (await repository.CollectAsync()).PointsRemoved);
        await repository.CollectAsync();
        store.Resume();
        RestorePoint point = await backup;
        Assert.Equal(BackupMode.Full, point.Disks[0].Mode);
        await AssertStaysAsync(repository, (point, content));
    }

    [Fact]
    public async Task A_parent_forgotten_after_the_lease_stays_until_its_writer_has_ended()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(2, 1 << 20);
        RestorePoint parent = await repository.BackUpAsync(content);
        var store = new PausingStore(repository.Store);
        await using TestRepository writer = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("points/", StringComparison.Ordinal));
        Task<RestorePoint> backup = Task.Run(() => writer.BackUpAsync(content, changes: []));
        await paused;
        await repository.Repository.ForgetAsync(parent, default);
        Assert.Equal(0, (await repository.CollectAsync()).PointsRemoved);
        store.Resume();
        await AssertStaysAsync(repository, (await backup, content));
    }

    [Fact]
    public async Task A_chunk_found_known_in_a_pack_condemned_meanwhile_outlives_its_verdict()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(3, 1 << 20);
        RestorePoint dropped = await repository.BackUpAsync(content, "other");
        await AdvanceAsync(repository);
        var store = new PausingStore(repository.Store);
        await using TestRepository writer = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("points/", StringComparison.Ordinal));
        Task<RestorePoint> backup = Task.Run(() => writer.BackUpAsync(content));
        await paused;
        await repository.Repository.ForgetAsync(dropped, default);
        Assert.True((await repository.CollectAsync()).PacksCondemned > 0);
        Assert.True((await repository.CollectAsync()).IsHeldBackByWriter);
        store.Resume();
        RestorePoint point = await backup;
        Assert.Equal(0, point.Disks[0].NewBytes);
        Assert.Equal(content, await writer.RestoreAsync(point));

        // Condemned packs stay so: what is needed is copied out of them, then they go.
        Assert.True((await repository.CollectAsync()).RewrittenBytes > 0);
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
        await AssertStaysAsync(repository, (point, content));
    }

    [Fact]
    public async Task What_a_collector_copied_is_found_by_a_reader_that_knew_the_old_place()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(4, 1 << 20);
        RestorePoint dropped = await repository.BackUpAsync(content, "whole");
        RestorePoint kept = await repository.BackUpAsync(content[..(128 << 10)], "part");
        await using TestRepository reader = await repository.OpenAgainAsync();
        Assert.Equal(content[..(128 << 10)], await reader.RestoreAsync(kept));
        await repository.Repository.ForgetAsync(dropped, default);
        Assert.True((await repository.CollectAsync()).RewrittenBytes > 0);
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
        Assert.Equal(content[..(128 << 10)], await reader.RestoreAsync(kept));
    }

    [Fact]
    public async Task Of_two_collectors_one_makes_the_generation_and_both_may_sweep()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(5, 1 << 20);
        RestorePoint kept = await repository.BackUpAsync(content);
        RestorePoint first = await repository.BackUpAsync(Noise(6, 1 << 20), "first");
        await repository.Repository.ForgetAsync(first, default);
        await repository.CollectAsync();
        RestorePoint second = await repository.BackUpAsync(Noise(7, 1 << 20), "second");
        await repository.Repository.ForgetAsync(second, default);

        var store = new PausingStore(repository.Store);
        await using TestRepository slow = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("gc/", StringComparison.Ordinal));
        Task<CollectResult> slowRun = Task.Run(() => slow.CollectAsync());
        await paused;
        RestorePoint third = await repository.BackUpAsync(Noise(77, 1 << 20), "third");
        await repository.Repository.ForgetAsync(third, default);
        CollectResult fast = await repository.CollectAsync();
        store.Resume();
        CollectResult overtaken = await slowRun;
        Assert.Equal((true, 2, 0), (overtaken.IsOvertaken, overtaken.PacksRemoved, overtaken.PacksCondemned));
        Assert.Equal((false, 0, 4), (fast.IsOvertaken, fast.PacksRemoved, fast.PacksCondemned));
        await AssertStaysAsync(repository, (kept, content));
        Assert.True((await slow.CollectAsync()).PacksCondemned == 0);
        await AssertStaysAsync(slow, (kept, content));
    }

    [Fact]
    public async Task A_collector_suspended_before_it_sweeps_ends_when_another_has_made_the_generation()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint dropped = await repository.BackUpAsync(Noise(8, 1 << 20));
        await repository.Repository.ForgetAsync(dropped, default);
        await repository.CollectAsync();
        var store = new PausingStore(repository.Store);
        await using TestRepository slow = await repository.OpenAgainAsync(store);

        // After the leases have been read.
        int asked = 0;
        Task paused = store.PauseAt((call, key) => call == StoreCall.Size && key == CollectionState.KeyOf(2) && ++asked == 2);
        Task<CollectResult> run = Task.Run(() => slow.CollectAsync());
        await paused;
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
        store.Resume();
        CollectResult overtaken = await run;
        Assert.True(overtaken.IsOvertaken);
        Assert.Equal(0, overtaken.PacksRemoved);
    }

    [Fact]
    public async Task A_hold_that_comes_before_the_removal_keeps_the_point()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint point = await repository.BackUpAsync(Noise(9, 1 << 20));
        await repository.Repository.ForgetAsync(point, default);
        var store = new PausingStore(repository.Store);
        await using TestRepository collector = await repository.OpenAgainAsync(store);
        Task paused = store.PauseAt((call, key) => call == StoreCall.Put && key.StartsWith("holds/", StringComparison.Ordinal));
        Task<CollectResult> run = Task.Run(() => collector.CollectAsync());
        await paused;
        await repository.Repository.PutMarkAsync(EnvelopeKind.Hold, $"holds/{point.Id}", "wanted", default);
        store.Resume();
        Assert.Equal(0, (await run).PointsRemoved);
        Assert.NotNull(await repository.Repository.ReadPointAsync(point.Id, default));
    }

    [Fact]
    public async Task A_point_that_no_listing_shows_is_known_by_its_writers_lease()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        var store = new LaggingStore(repository.Store);
        await using TestRepository collector = await repository.OpenAgainAsync(store);
        await store.FreezeAsync("points/", "leases/", "ended/");
        byte[] content = Noise(10, 1 << 20);
        RestorePoint point = await repository.BackUpAsync(content);
        for (int i = 0; i < 4; i++)
        {
            CollectResult result = await collector.CollectAsync();
            Assert.Equal((0, 0), (result.PacksCondemned, result.PacksRemoved));
        }

        store.Thaw();
        await AssertStaysAsync(repository, (point, content));
    }

    [Fact]
    public async Task A_counted_point_that_a_listing_leaves_out_stays_counted()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        var store = new LaggingStore(repository.Store);
        await using TestRepository collector = await repository.OpenAgainAsync(store);
        await store.FreezeAsync("points/");
        byte[] content = Noise(11, 1 << 20);
        RestorePoint point = await repository.BackUpAsync(content);
        Assert.Equal(1, (await collector.CollectAsync()).RestorePointsCounted);

        // Generations later its lease is gone too.
        for (int i = 0; i < CollectionState.LagMax + 2; i++)
        {
            await AdvanceAsync(repository);
        }

        Assert.DoesNotContain(point.Id, await LeasedPointsAsync(repository));
        Assert.Equal(0, (await collector.CollectAsync()).PacksCondemned);
        await AssertStaysAsync(collector, (point, content));
    }

    [Fact]
    public async Task A_stale_listing_of_states_is_noticed()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        var store = new LaggingStore(repository.Store);
        await using TestRepository late = await repository.OpenAgainAsync(store);
        await store.FreezeAsync("gc/");
        for (int i = 1; i <= CollectionState.LagMax; i++)
        {
            await AdvanceAsync(repository);
            Assert.Equal(i, (await CollectionState.FindAsync(late.Repository, default)).Generation);
        }
    }

    [Fact]
    public async Task A_pack_that_is_gone_but_listed_is_not_built_upon()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(12, 1 << 20);
        RestorePoint dropped = await repository.BackUpAsync(content);
        var store = new LaggingStore(repository.Store);
        await using TestRepository idle = await repository.OpenAgainAsync(store);
        await IndexSync.SynchronizeAsync(idle.Repository, idle.Index, progress: null, default);
        await store.FreezeAsync("packs/");
        await repository.Repository.ForgetAsync(dropped, default);
        await repository.CollectAsync();
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
        RestorePoint point = await idle.BackUpAsync(content, "again");
        Assert.True(point.Disks[0].NewBytes >= content.Length);
        await AssertStaysAsync(repository, (point, content));
    }

    private static async Task AssertStaysAsync(TestRepository repository, params (RestorePoint Point, byte[] Content)[] points)
    {
        for (int i = 0; i < 3; i++)
        {
            await repository.CollectAsync();
        }

        await using TestRepository fresh = await repository.OpenAgainAsync();
        foreach ((RestorePoint point, byte[] content) in points)
        {
            Assert.Equal(content, await fresh.RestoreAsync(point));
        }

        Assert.True((await fresh.VerifyAsync()).IsSound);
    }

    /// <summary>Makes a generation of collection.</summary>
    private static async Task AdvanceAsync(TestRepository repository)
    {
        long before = (await CollectionState.FindAsync(repository.Repository, default)).Generation;
        RestorePoint passing = await repository.BackUpAsync(Noise((int)before, 20_000), "passing");
        await repository.Repository.ForgetAsync(passing, default);
        await repository.CollectAsync(rewriteBelow: 0);
        Assert.Equal(before + 1, (await CollectionState.FindAsync(repository.Repository, default)).Generation);
    }

    private static async Task<int> OpenLeasesAsync(TestRepository repository)
    {
        List<string> leases = await repository.KeysAsync("leases/");
        List<string> ended = await repository.KeysAsync("ended/");
        return leases.Count(lease => !ended.Contains($"ended/{lease["leases/".Length..]}"));
    }

    private static async Task<List<string?>> LeasedPointsAsync(TestRepository repository)
    {
        var points = new List<string?>();
        foreach (string key in await repository.KeysAsync("leases/"))
        {
            points.Add((await repository.Repository.ReadRecordAsync<LeaseRecord>(EnvelopeKind.Lease, key, default))?.Point);
        }

        return points;
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }
}
