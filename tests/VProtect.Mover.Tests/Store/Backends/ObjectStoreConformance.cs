using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Tests.Store.Backends;

/// <summary>
/// What every backend must do, whatever lies beneath. A new backend is a class with a factory:
/// <c>public sealed class XTests : ObjectStoreConformance { protected override IObjectStore Open() => …; }</c>
/// </summary>
public abstract class ObjectStoreConformance : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private IObjectStore _store = null!;

    /// <summary>Opens an empty store; disposed by the suite.</summary>
    protected abstract IObjectStore Open();

    /// <summary>Whether bytes written piece by piece can be read again.</summary>
    protected virtual bool KeepsBytes => true;

    public virtual Task InitializeAsync()
    {
        _store = Open();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Small_object_reads_back_and_is_not_replaced()
    {
        Assert.True(await _store.PutIfAbsentAsync("config", "first"u8.ToArray(), None));
        Assert.False(await _store.PutIfAbsentAsync("config", "second!"u8.ToArray(), None));
        Assert.Equal("first"u8.ToArray(), await ReadAllAsync("config"));
        Assert.Equal(5, await _store.GetSizeAsync("config", None));
    }

    [Fact]
    public async Task Empty_object_exists()
    {
        Assert.True(await _store.PutIfAbsentAsync("a/empty", default, None));
        Assert.Equal(0, await _store.GetSizeAsync("a/empty", None));
        Assert.Equal(0, await _store.ReadAsync("a/empty", 0, new byte[8], None));
    }

    [Fact]
    public async Task Missing_object_is_an_answer_not_an_error()
    {
        Assert.Equal(-1, await _store.ReadAsync("packs/none", 0, new byte[8], None));
        Assert.Null(await _store.GetSizeAsync("packs/none", None));
        Assert.False(await _store.DeleteAsync("packs/none", None));
        Assert.Empty(await ListAsync("packs/"));
    }

    /// <summary>Sizes around whole blocks, offsets and memory aligned and not: uncached reads give what cached ones give.</summary>
    [Fact]
    public async Task Uncached_reads_give_the_same_bytes()
    {
        Assert.Equal(-1, await _store.ReadUncachedAsync("packs/none", 0, new byte[8], None));
        if (!KeepsBytes)
        {
            return;
        }

        foreach (int size in new[] { 0, 1, 4095, 4096, 4097, (1 << 20) + 5000 })
        {
            byte[] content = new byte[size];
            new Random(size).NextBytes(content);
            await _store.PutIfAbsentAsync($"packs/{size}", content, None);
            foreach (int offset in new[] { 0, 1, 4096, 8192, 1 << 20, (1 << 20) + 4096 })
            {
                foreach (Memory<byte> buffer in new[] { AlignedMemory.Allocate(64 << 10), AlignedMemory.Allocate(8192)[1..4097] })
                {
                    int read = await _store.ReadUncachedAsync($"packs/{size}", offset, buffer, None);
                    Assert.Equal(Math.Clamp(size - offset, 0, buffer.Length), read);
                    Assert.True(content.AsSpan(Math.Min(offset, size), read).SequenceEqual(buffer.Span[..read]));
                }
            }
        }
    }

    [Fact]
    public async Task Of_many_creators_of_one_key_exactly_one_succeeds()
    {
        for (int round = 0; round < 10; round++)
        {
            string key = $"race/{round}";
            using var gate = new Barrier(16);
            Task<bool>[] creators = [.. Enumerable.Range(0, 16).Select(i => Task.Factory.StartNew(
                () =>
                {
                    gate.SignalAndWait();
                    return CreateAsync(key, Filled(1000, (byte)i), usesWriter: i % 2 == 0);
                },
                None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap())];
            bool[] created = await Task.WhenAll(creators);
            int winner = Assert.Single(Enumerable.Range(0, 16), i => created[i]);
            if (KeepsBytes)
            {
                Assert.Equal(Filled(1000, (byte)winner), await ReadAllAsync(key));
            }
        }
    }

    [Fact]
    public async Task Object_is_invisible_until_committed_and_then_whole()
    {
        await using IObjectWriter writer = await _store.CreateAsync("packs/ab/one", None);
        await writer.WriteAsync(Filled(100_000, 1), None);
        Assert.Null(await _store.GetSizeAsync("packs/ab/one", None));
        Assert.Empty(await ListAsync(string.Empty));
        await writer.WriteAsync(Filled(100_000, 2), None);
        Assert.True(await writer.CommitAsync(None));
        Assert.Equal(200_000, await _store.GetSizeAsync("packs/ab/one", None));
        Assert.Equal([new ObjectInfo("packs/ab/one", 200_000)], await ListAsync(string.Empty));
    }

    [Fact]
    public async Task Reader_never_sees_part_of_an_object()
    {
        byte[] content = Filled(300_000, 7);
        for (int i = 0; i < 20; i++)
        {
            string key = $"watched/{i}";
            Task<bool> creator = Task.Run(() => CreateAsync(key, content, usesWriter: true));
            long? size;
            while ((size = await _store.GetSizeAsync(key, None)) is null)
            {
                Assert.False(creator.IsFaulted);
                await Task.Yield();
            }

            Assert.Equal(content.Length, size);
            if (KeepsBytes)
            {
                Assert.Equal(content, await ReadAllAsync(key));
            }

            Assert.True(await creator);
        }
    }

    [Fact]
    public async Task Ranges_are_read_exactly()
    {
        byte[] content = new byte[3_000_000];
        new Random(1).NextBytes(content);
        Assert.True(await _store.PutIfAbsentAsync("packs/big", content, None));
        (int Offset, int Length)[] ranges =
            [(0, 1), (0, 4096), (1, 65_536), (999_999, 1), (2_999_999, 1), (2_999_990, 100), (3_000_000, 10), (4_000_000, 10), (5, 0)];
        foreach ((int offset, int length) in ranges)
        {
            byte[] buffer = new byte[length];
            int expected = Math.Clamp(content.Length - offset, 0, length);
            Assert.Equal(expected, await _store.ReadAsync("packs/big", offset, buffer, None));
            Assert.True(buffer.AsSpan(0, expected).SequenceEqual(content.AsSpan(Math.Min(offset, content.Length), expected)));
        }
    }

    [Fact]
    public async Task Reads_run_in_parallel()
    {
        byte[] content = new byte[2_000_000];
        new Random(2).NextBytes(content);
        await _store.PutIfAbsentAsync("packs/parallel", content, None);
        await Parallel.ForAsync(0, 500, async (i, token) =>
        {
            byte[] buffer = new byte[1 + (i * 37 % 5000)];
            int offset = i * 3001 % (content.Length - buffer.Length);
            Assert.Equal(buffer.Length, await _store.ReadAsync("packs/parallel", offset, buffer, token));
            Assert.True(buffer.AsSpan().SequenceEqual(content.AsSpan(offset, buffer.Length)));
        });
    }

    [Fact]
    public async Task Listing_shows_what_begins_with_the_prefix()
    {
        string[] keys = ["config", "packs/aa/1", "packs/aa/2", "packs/ab/1", "packsbut/not", "points/x.y_z-0"];
        foreach (string key in keys)
        {
            Assert.True(await _store.PutIfAbsentAsync(key, Filled(key.Length, 1), None));
        }

        Assert.Equal(keys.Order(), (await ListAsync(string.Empty)).Select(info => info.Key).Order());
        Assert.Equal(["packs/aa/1", "packs/aa/2", "packs/ab/1"], (await ListAsync("packs/")).Select(info => info.Key).Order());
        Assert.Equal(["packs/aa/1", "packs/aa/2"], (await ListAsync("packs/aa/")).Select(info => info.Key).Order());
        Assert.All(await ListAsync(string.Empty), info => Assert.Equal(info.Key.Length, info.SizeBytes));
    }

    [Fact]
    public async Task Deleted_object_is_gone_and_its_key_may_come_back_with_other_content()
    {
        foreach (int length in new[] { 10, 2_000_000 })
        {
            string key = $"leases/{length}";
            Assert.True(await _store.PutIfAbsentAsync(key, Filled(length, 1), None));
            Assert.Equal(Filled(length, 1), await ReadAllAsync(key));
            Assert.True(await _store.DeleteAsync(key, None));
            Assert.False(await _store.DeleteAsync(key, None));
            Assert.Equal(-1, await _store.ReadAsync(key, 0, new byte[8], None));
            Assert.Empty(await ListAsync("leases/"));
            Assert.True(await _store.PutIfAbsentAsync(key, Filled(length, 2), None));
            Assert.Equal(Filled(length, 2), await ReadAllAsync(key));
            Assert.True(await _store.DeleteAsync(key, None));
        }
    }

    [Fact]
    public async Task Big_object_streams()
    {
        const int PieceBytes = 1 << 20;
        const int Pieces = 200;
        byte[] pattern = new byte[PieceBytes + Pieces];
        new Random(3).NextBytes(pattern);
        await using (IObjectWriter writer = await _store.CreateAsync("packs/huge", None))
        {
            for (int i = 0; i < Pieces; i++)
            {
                await writer.WriteAsync(pattern.AsMemory(i, PieceBytes), None);
            }

            Assert.True(await writer.CommitAsync(None));
        }

        Assert.Equal((long)Pieces * PieceBytes, await _store.GetSizeAsync("packs/huge", None));
        byte[] buffer = new byte[PieceBytes];
        for (int i = 0; KeepsBytes && i < Pieces; i++)
        {
            Assert.Equal(PieceBytes, await _store.ReadAsync("packs/huge", (long)i * PieceBytes, buffer, None));
            Assert.True(buffer.AsSpan().SequenceEqual(pattern.AsSpan(i, PieceBytes)));
        }
    }

    [Fact]
    public async Task Pieces_of_odd_sizes_join_without_gaps()
    {
        byte[] content = new byte[20_000_003];
        new Random(4).NextBytes(content);
        await using IObjectWriter writer = await _store.CreateAsync("packs/odd", None);
        int[] sizes = [1, 0, 70_000, 3, 65_536, 4_194_304, 65_537, 31];
        for (int i = 0, done = 0; done < content.Length; i++)
        {
            int length = Math.Min(sizes[i % sizes.Length], content.Length - done);
            await writer.WriteAsync(content.AsMemory(done, length), None);
            done += length;
        }

        Assert.True(await writer.CommitAsync(None));
        if (KeepsBytes)
        {
            Assert.Equal(content, await ReadAllAsync("packs/odd"));
        }
    }

    [Fact]
    public async Task Abandoned_and_beaten_writers_leave_nothing()
    {
        await using (IObjectWriter abandoned = await _store.CreateAsync("packs/x", None))
        {
            await abandoned.WriteAsync(Filled(100_000, 1), None);
        }

        await using IObjectWriter beaten = await _store.CreateAsync("packs/y", None);
        await beaten.WriteAsync(Filled(100_000, 1), None);
        Assert.True(await _store.PutIfAbsentAsync("packs/y", Filled(9, 2), None));
        Assert.False(await beaten.CommitAsync(None));
        Assert.Equal([new ObjectInfo("packs/y", 9)], await ListAsync(string.Empty));
        AssertNothingTemporary();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData(".tmp/x")]
    [InlineData("a/.hidden")]
    [InlineData("Upper")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\0b")]
    [InlineData("a\\b")]
    public async Task Bad_key_is_refused_everywhere(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.CreateAsync(key, None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.PutIfAbsentAsync(key, new byte[1], None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.ReadAsync(key, 0, new byte[1], None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.GetSizeAsync(key, None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.DeleteAsync(key, None));
        if (key.Length > 0)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => ListAsync(key + "/"));
        }
    }

    [Fact]
    public async Task Longest_key_works_and_a_longer_one_is_refused()
    {
        string key = "k/" + new string('x', 198);
        Assert.True(await _store.PutIfAbsentAsync(key, new byte[3], None));
        Assert.Equal(3, await _store.GetSizeAsync(key, None));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.PutIfAbsentAsync(key + "x", new byte[3], None));
    }

    [Fact]
    public async Task Cancelled_calls_do_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await _store.PutIfAbsentAsync("c", new byte[1], cancelled));
        Assert.Null(await _store.GetSizeAsync("c", None));
        await using IObjectWriter writer = await _store.CreateAsync("c", None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.CommitAsync(cancelled));
        Assert.Null(await _store.GetSizeAsync("c", None));
    }

    [Fact]
    public async Task Space_is_unbounded_or_plausible()
    {
        if (await _store.GetSpaceAsync(None) is { } space)
        {
            Assert.InRange(space.FreeBytes, 0, space.TotalBytes);
        }
    }

    /// <summary>Whether nothing is left besides objects, where a backend can tell.</summary>
    protected virtual void AssertNothingTemporary()
    {
    }

    protected static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private async Task<bool> CreateAsync(string key, byte[] content, bool usesWriter)
    {
        if (!usesWriter)
        {
            return await _store.PutIfAbsentAsync(key, content, None);
        }

        await using IObjectWriter writer = await _store.CreateAsync(key, None);
        await writer.WriteAsync(content.AsMemory(0, content.Length / 2), None);
        await writer.WriteAsync(content.AsMemory(content.Length / 2), None);
        return await writer.CommitAsync(None);
    }

    private async Task<byte[]> ReadAllAsync(string key)
    {
        byte[] content = new byte[(await _store.GetSizeAsync(key, None))!.Value];
        Assert.Equal(content.Length, await _store.ReadAsync(key, 0, content, None));
        return content;
    }

    private async Task<List<ObjectInfo>> ListAsync(string prefix)
    {
        var objects = new List<ObjectInfo>();
        await foreach (ObjectInfo info in _store.ListAsync(prefix, None))
        {
            objects.Add(info);
        }

        return objects;
    }
}
