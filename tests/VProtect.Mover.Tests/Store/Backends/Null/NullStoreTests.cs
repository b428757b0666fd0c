using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Null;

namespace VProtect.Mover.Tests.Store.Backends.Null;

public sealed class NullStoreTests
{
    [Fact]
    public async Task Packs_are_swallowed_and_small_objects_kept()
    {
        await using var store = new NullStore();
        await using IObjectWriter writer = await store.CreateAsync("packs/a", CancellationToken.None);
        await writer.WriteAsync(new byte[100], CancellationToken.None);
        Assert.True(await writer.CommitAsync(CancellationToken.None));
        Assert.True(await store.PutIfAbsentAsync("config", "x"u8.ToArray(), CancellationToken.None));
        Assert.Equal(100, await store.GetSizeAsync("packs/a", CancellationToken.None));
        Assert.Equal(100, store.SwallowedBytes);
        Assert.Equal(1, await store.ReadAsync("config", 0, new byte[9], CancellationToken.None));
        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await store.ReadAsync("packs/a", 0, new byte[1], CancellationToken.None));
    }
}
