using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep.Collecting;

/// <summary>What collection counts, what that costs, and what it does when it cannot count.</summary>
public sealed class CountingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task After_any_history_the_counts_are_those_of_a_full_count(int seed)
    {
        var random = new Random(seed);
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        await using TestRepository other = await repository.OpenAgainAsync();
        byte[][] disks = [RandomDisk.Create(random, 500_000), RandomDisk.Create(random, 200_000)];
        var points = new List<RestorePoint>();
        for (int step = 0; step < 30; step++)
        {
            int choice = random.Next(6);
            if (choice < 3)
            {
                int disk = random.Next(disks.Length);
                RandomDisk.Change(random, disks[disk]);
                points.Add(await repository.BackUpAsync(disks[disk], $"vm{disk}"));
            }
            else if (choice == 3 && points.Count > 1)
            {
                RestorePoint dropped = points[random.Next(points.Count)];
                points.Remove(dropped);
                await repository.Repository.ForgetAsync(dropped, default);
            }
            else
            {
                await (random.Next(3) == 0 ? other : repository).CollectAsync(random.Next(2) == 0 ? 0 : 0.8);
            }
        }

        await other.CollectAsync();
        await repository.CollectAsync();
        await using TestRepository fresh = await repository.OpenAgainAsync();
        await fresh.CollectAsync();
        Assert.True(Counts.AreEqual(fresh.Ledger, repository.Ledger));
        Assert.Equal(0, repository.Ledger.ClearCount);
        Assert.True((await fresh.VerifyAsync()).IsSound);
    }

    [Fact]
    public async Task Forgetting_one_small_point_reads_only_what_it_alone_had()
    {
        await using TestRepository owner = await TestRepository.CreateAsync(encrypt: false);
        var store = new CountingStore(owner.Store);
        await using TestRepository repository = await owner.OpenAgainAsync(store);
        for (int machine = 0; machine < 12; machine++)
        {
            await repository.BackUpAsync(Noise(machine, 5 << 20), $"vm{machine}");
        }

        // Differs from its parent in one chunk of 320: one leaf node and the root are its own.
        byte[] content = Noise(0, 5 << 20);
        content[1 << 20] ^= 1;
        RestorePoint small = await repository.BackUpAsync(content, "vm0");
        await repository.CollectAsync(rewriteBelow: 0);
        await repository.Repository.ForgetAsync(small, default);
        store.Reset();
        CollectResult result = await repository.CollectAsync(rewriteBelow: 0);
        Assert.Equal((1, 0), (result.PointsRemoved, result.RestorePointsCounted));
        Assert.Equal(2, result.NodesRead);
        // Two that lost something, and the few others that each run looks at.
        Assert.InRange(result.PacksLookedAt, 2, 6);
        Assert.Equal(2, result.PacksCondemned);
        Assert.DoesNotContain(store.Reads, key => key.StartsWith("points/", StringComparison.Ordinal));
        Assert.InRange(store.Reads.Where(key => key.StartsWith("packs/", StringComparison.Ordinal)).Distinct().Count(), 2, 6);
    }

    [Fact]
    public async Task A_run_that_finds_nothing_new_makes_no_generation()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint dropped = await repository.BackUpAsync(Noise(1, 1 << 20));
        await repository.BackUpAsync(Noise(2, 1 << 20), "kept");
        await repository.Repository.ForgetAsync(dropped, default);
        await repository.CollectAsync();
        await repository.CollectAsync();
        List<string> states = await repository.KeysAsync("gc/");
        CollectResult result = await repository.CollectAsync();
        Assert.Equal((0L, 0), (result.NodesRead, result.PacksCondemned));
        Assert.InRange(result.PacksLookedAt, 0, 4);
        Assert.Equal(states, await repository.KeysAsync("gc/"));
    }

    [Fact]
    public async Task Many_ended_leases_make_a_generation_and_go_when_no_listing_can_lag_behind_them()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        for (int i = 0; i < 65; i++)
        {
            await (await Lease.TakeAsync(repository.Repository, PackId.NewRandom().ToString(), [], default)).DisposeAsync();
        }

        await repository.CollectAsync();
        Assert.Equal([CollectionState.KeyOf(1)], await repository.KeysAsync("gc/"));
        Assert.Equal(65, (await repository.KeysAsync("leases/")).Count);
        for (int i = 0; i < CollectionState.LagMax; i++)
        {
            await repository.Repository.ForgetAsync(await repository.BackUpAsync(Noise(i, 20_000)), default);
            await repository.CollectAsync(rewriteBelow: 0);
        }

        List<string> states = await repository.KeysAsync("gc/");
        Assert.Equal(CollectionState.LagMax + 1, states.Count);
        await repository.Repository.ForgetAsync(await repository.BackUpAsync(Noise(99, 20_000)), default);
        await repository.CollectAsync(rewriteBelow: 0);
        Assert.DoesNotContain(await repository.KeysAsync("leases/"), key => key.StartsWith($"leases/{0:x16}", StringComparison.Ordinal));
        Assert.DoesNotContain(await repository.KeysAsync("ended/"), key => key.StartsWith($"ended/{0:x16}", StringComparison.Ordinal));
        Assert.Contains(CollectionState.KeyOf(1), await repository.KeysAsync("gc/"));
    }

    [Fact]
    public async Task Counts_are_made_anew_when_what_was_counted_cannot_be_read()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(3, 1 << 20);
        RestorePoint kept = await repository.BackUpAsync(content);
        RestorePoint dropped = await repository.BackUpAsync(Noise(4, 1 << 20), "other");
        await repository.CollectAsync();
        ChunkLocation root = await repository.Chunks.LocateAsync(dropped.Disks[0].Root, default);
        await repository.Store.DeleteAsync(VProtect.Mover.Seal.Packing.PackFormat.Key(root.Pack), default);
        await repository.Repository.ForgetAsync(dropped, default);
        await repository.CollectAsync();
        Assert.Equal(1, repository.Ledger.ClearCount);
        await repository.CollectAsync();
        Assert.Equal(content, await repository.RestoreAsync(kept));
        Assert.Equal([kept.Id], repository.Ledger.Points.Keys);
    }

    [Fact]
    public async Task A_point_that_cannot_be_counted_is_named_and_heals()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(5, 1 << 20);
        RestorePoint damaged = await repository.BackUpAsync(content, "web-1");
        await repository.Repository.ForgetAsync(await repository.BackUpAsync(Noise(6, 1 << 20), "other"), default);
        ChunkLocation root = await repository.Chunks.LocateAsync(damaged.Disks[0].Root, default);
        await repository.Store.DeleteAsync(VProtect.Mover.Seal.Packing.PackFormat.Key(root.Pack), default);
        List<string> packs = await repository.KeysAsync("packs/");
        IntegrityException error = await Assert.ThrowsAsync<IntegrityException>(() => repository.CollectAsync());
        Assert.Contains("web-1", error.Message, StringComparison.Ordinal);
        Assert.Contains(damaged.Id[..8], error.Message, StringComparison.Ordinal);
        Assert.Equal(packs, await repository.KeysAsync("packs/"));

        await using TestRepository later = await repository.OpenAgainAsync();
        await later.BackUpAsync(content, "web-1");
        await repository.CollectAsync();
        Assert.True((await repository.CollectAsync()).PacksRemoved > 0);
        Assert.Equal(content, await repository.RestoreAsync(damaged));
    }

    [Fact]
    public async Task A_lease_that_cannot_be_read_keeps_all_points_until_it_is_broken()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint dropped = await repository.BackUpAsync(Noise(7, 1 << 20));
        Lease lease = await Lease.TakeAsync(repository.Repository, PackId.NewRandom().ToString(), [], default);
        await repository.TamperAsync($"leases/{lease.Record.Lease}", bytes => bytes[..^1]);
        await repository.Repository.ForgetAsync(dropped, default);
        CollectResult result = await repository.CollectAsync();
        Assert.Equal((0, 1), (result.PointsRemoved, result.Damage.Count));
        result = await repository.CollectAsync(new CollectOptions { BreakLeases = true });
        Assert.Equal((1, 1), (result.PointsRemoved, result.LeasesBroken));
    }

    [Fact]
    public async Task A_lease_of_an_early_program_counts_and_is_ended_by_deletion()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        RestorePoint parent = await repository.BackUpAsync(Noise(8, 1 << 20));
        string name = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var early = new LeaseRecord(name, PackId.NewRandom().ToString(), [parent.Id], 0, "elsewhere", "boot", 1, "1");
        await repository.Store.PutIfAbsentAsync($"leases/{name}", Envelope.Clear(EnvelopeKind.Lease, RecordJson.Write(early)), default);
        await repository.Repository.ForgetAsync(parent, default);
        Assert.Equal(0, (await repository.CollectAsync()).PointsRemoved);
        Assert.Equal(1, (await repository.CollectAsync(new CollectOptions { BreakLeases = true })).PointsRemoved);
        Assert.DoesNotContain($"leases/{name}", await repository.KeysAsync("leases/"));
        Assert.Null(await repository.Repository.ReadPointAsync(early.Point!, default));
        Assert.Contains($"points/{early.Point}", await repository.KeysAsync("points/"));
    }

    [Fact]
    public async Task Copying_is_bounded_for_each_run()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        for (int machine = 0; machine < 3; machine++)
        {
            byte[] big = Noise(machine, 1 << 20);
            RestorePoint dropped = await repository.BackUpAsync(big, $"big{machine}");
            await repository.BackUpAsync(big[..(100 << 10)], $"small{machine}");
            await repository.Repository.ForgetAsync(dropped, default);
        }

        var options = new CollectOptions { RewriteBytesMax = 150 << 10 };
        for (int run = 0; run < 3; run++)
        {
            CollectResult result = await repository.CollectAsync(options);
            Assert.InRange(result.RewrittenBytes, 1, 150 << 10);
        }

        Assert.Equal(0, (await repository.CollectAsync(options)).RewrittenBytes);
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }
}
