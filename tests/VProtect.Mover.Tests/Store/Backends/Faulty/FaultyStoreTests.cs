using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Tests.Store.Backends.Faulty;

public sealed class FaultyStoreTests : ObjectStoreConformance
{
    private static readonly CancellationToken None = CancellationToken.None;

    // Without faults it is the store it wraps.
    protected override IObjectStore Open() => new FaultyStore(new MemoryStore(), seed: 1);

    [Fact]
    public async Task Nth_call_of_a_kind_fails_with_the_given_error()
    {
        await using var store = new FaultyStore(new MemoryStore(), seed: 1);
        store.FailCall(StoreOperation.Put, 2, new StoreFault { Code = ErrorCode.StoreFull });
        Assert.True(await store.PutIfAbsentAsync("a", new byte[1], None));
        Assert.Null(await store.GetSizeAsync("b", None));
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await store.PutIfAbsentAsync("b", new byte[1], None));
        Assert.Equal(ErrorCode.StoreFull, error.Code);
        Assert.Null(await store.GetSizeAsync("b", None));
        Assert.True(await store.PutIfAbsentAsync("b", new byte[1], None));
        Assert.Equal(5, store.Calls);
    }

    [Fact]
    public async Task Lost_answer_is_a_failure_that_took_effect()
    {
        await using var store = new FaultyStore(new MemoryStore(), seed: 1);
        store.FailCall(1, new StoreFault { Code = ErrorCode.StoreFailed, TakesEffect = true });
        await Assert.ThrowsAsync<VProtectException>(async () => await store.PutIfAbsentAsync("a", new byte[1], None));
        Assert.False(await store.PutIfAbsentAsync("a", new byte[2], None));
    }

    [Fact]
    public async Task Power_loss_drops_what_was_not_committed()
    {
        await using var store = new FaultyStore(new MemoryStore(), seed: 1);
        Assert.True(await store.PutIfAbsentAsync("before", new byte[1], None));
        IObjectWriter writer = await store.CreateAsync("half", None);
        await writer.WriteAsync(new byte[10], None);
        store.LosePowerAtCall(4);
        await Assert.ThrowsAsync<VProtectException>(async () => await writer.WriteAsync(new byte[10], None));
        await Assert.ThrowsAsync<VProtectException>(async () => await store.GetSizeAsync("before", None));
        store.Restart();
        await Assert.ThrowsAsync<VProtectException>(async () => await writer.CommitAsync(None));
        Assert.Equal(1, await store.GetSizeAsync("before", None));
        Assert.Null(await store.GetSizeAsync("half", None));
    }

    [Fact]
    public async Task Power_loss_in_a_commit_goes_either_way()
    {
        var outcomes = new HashSet<bool>();
        for (int seed = 0; seed < 20; seed++)
        {
            await using var store = new FaultyStore(new MemoryStore(), seed);
            store.LosePowerAtCall(1);
            await Assert.ThrowsAsync<VProtectException>(async () => await store.PutIfAbsentAsync("a", new byte[1], None));
            store.Restart();
            outcomes.Add(await store.GetSizeAsync("a", None) is not null);
        }

        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public async Task Listing_lags_behind_while_reads_by_key_do_not()
    {
        await using var store = new FaultyStore(new MemoryStore(), seed: 1) { ListingLagCalls = 2 };
        Assert.False(store.Properties.ListIsConsistent);
        await store.PutIfAbsentAsync("p/a", new byte[1], None);
        await store.PutIfAbsentAsync("p/b", new byte[1], None);
        Assert.Empty(await KeysAsync(store));
        Assert.Equal(["p/a"], await KeysAsync(store));
        Assert.Equal(1, await store.GetSizeAsync("p/b", None));
        Assert.Equal(["p/a", "p/b"], await KeysAsync(store));
    }

    [Fact]
    public async Task Reads_are_cut_short_where_told()
    {
        await using var store = new FaultyStore(new MemoryStore(), seed: 1) { ReadBytesMax = 3 };
        await store.PutIfAbsentAsync("a", new byte[10], None);
        Assert.Equal(3, await store.ReadAsync("a", 0, new byte[10], None));
    }

    private static async Task<List<string>> KeysAsync(FaultyStore store)
    {
        var keys = new List<string>();
        await foreach (ObjectInfo info in store.ListAsync("p/", None))
        {
            keys.Add(info.Key);
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }
}
