using System.Buffers.Binary;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Tests.Store.Manifests;

/// <summary>Trees against a dictionary from chunk number to id, in content and in cost.</summary>
public sealed class TreeTests
{
    private static readonly long[] Sizes =
        [1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 1 << 24, (1 << 24) + 1, 1L << 30 /* 64 TiB of 64 KiB */, 1L << 32, 1L << 49];

    [Fact]
    public async Task A_tree_gives_back_what_was_set_and_costs_what_changed()
    {
        for (int seed = 0; seed < 130; seed++)
        {
            var random = new Random(seed);
            var nodes = new Nodes();
            long size = Sizes[seed % Sizes.Length];
            int levels = TreeNode.RootLevel(size) + 1;
            var model = new SortedDictionary<long, ChunkId>();
            ChunkId root = ChunkId.Zero;
            for (int generation = 0; generation < 4; generation++)
            {
                var before = new SortedDictionary<long, ChunkId>(model);
                ChunkId oldRoot = root;
                nodes.Reads = nodes.Writes = 0;
                var writer = new TreeWriter(nodes, nodes, size, root, rebuildsDamaged: false);
                int steps = await ChangeAsync(writer, model, size, random);
                root = await writer.CompleteAsync(size, default);

                // A step opens at most the path to it; a run of zeros, both its edges and, once, what it covers in a level.
                Assert.True(nodes.Writes <= (2 * steps * levels) + 1, $"seed {seed}: {nodes.Writes} writes for {steps} steps");
                Assert.True(nodes.Reads <= 2 * steps * levels, $"seed {seed}: {nodes.Reads} reads for {steps} steps");
                Assert.Equal(model, await ReadAsync(nodes, root, size, leavesAhead: 0));
                Assert.Equal(model, await ReadAsync(nodes, root, size, leavesAhead: 3));
                Assert.Equal(model.Count == 0, root.IsZero);

                nodes.Reads = 0;
                await AssertDiffAsync(nodes, oldRoot, root, size, before, model);
                int changed = before.Keys.Union(model.Keys).Count(chunk => before.GetValueOrDefault(chunk) != model.GetValueOrDefault(chunk));
                Assert.True(nodes.Reads <= 2 * changed * levels, $"seed {seed}: {nodes.Reads} reads to see {changed} changes");
            }

            // Whatever way led there, one content has one root.
            var anew = new TreeWriter(nodes, nodes, size, ChunkId.Zero, rebuildsDamaged: false);
            foreach ((long chunk, ChunkId id) in model)
            {
                Assert.True(await anew.SetAsync(chunk, id, default));
            }

            Assert.Equal(root, await anew.CompleteAsync(size, default));
        }
    }

    [Fact]
    public async Task One_changed_chunk_of_a_disk_of_64_TiB_writes_four_nodes_and_reads_four()
    {
        const long Size = 1L << 30;
        var random = new Random(1);
        var nodes = new Nodes();
        var writer = new TreeWriter(nodes, nodes, Size, ChunkId.Zero, rebuildsDamaged: false);
        for (long chunk = 0; chunk < Size; chunk += Size / 300)
        {
            await writer.SetAsync(chunk, RandomId(random), default);
        }

        ChunkId root = await writer.CompleteAsync(Size, default);
        nodes.Reads = nodes.Writes = 0;
        writer = new TreeWriter(nodes, nodes, Size, root, rebuildsDamaged: false);
        await writer.SetAsync(5 * (Size / 300), RandomId(random), default);
        Assert.NotEqual(root, await writer.CompleteAsync(Size, default));
        Assert.Equal((4, 4), (nodes.Writes, nodes.Reads));
    }

    [Fact]
    public async Task Clearing_a_disk_of_64_TiB_reads_its_root_alone()
    {
        const long Size = 1L << 30;
        var nodes = new Nodes();
        var writer = new TreeWriter(nodes, nodes, Size, ChunkId.Zero, rebuildsDamaged: false);
        for (long chunk = 0; chunk < Size; chunk += Size / 300)
        {
            await writer.SetAsync(chunk, RandomId(new Random((int)chunk)), default);
        }

        ChunkId root = await writer.CompleteAsync(Size, default);
        nodes.Reads = 0;
        writer = new TreeWriter(nodes, nodes, Size, root, rebuildsDamaged: false);
        Assert.True(await writer.SetZerosAsync(0, Size, default));
        Assert.True((await writer.CompleteAsync(Size, default)).IsZero);
        Assert.Equal(1, nodes.Reads);
    }

    [Fact]
    public async Task A_stream_of_unknown_size_ends_as_a_disk_of_its_size()
    {
        foreach (long size in new long[] { 0, 1, 255, 256, 257, 511, 65_536, 65_537, 70_000 })
        {
            var nodes = new Nodes();
            var model = new SortedDictionary<long, ChunkId>();
            var stream = new TreeWriter(nodes, nodes, long.MaxValue / (16 << 10), ChunkId.Zero, rebuildsDamaged: false);
            var random = new Random((int)size);
            for (long chunk = 0; chunk < size; chunk++)
            {
                if (random.Next(10) == 0)
                {
                    Assert.False(await stream.SetZerosAsync(chunk, 1, default));
                    continue;
                }

                await stream.SetAsync(chunk, model[chunk] = RandomId(random), default);
            }

            ChunkId root = await stream.CompleteAsync(size, default);
            Assert.Equal(model, await ReadAsync(nodes, root, size, leavesAhead: 0));
        }
    }

    [Fact]
    public async Task A_damaged_node_of_the_base_is_rebuilt_when_all_is_set_and_an_error_otherwise()
    {
        const long Size = 1000;
        var nodes = new Nodes();
        async Task<ChunkId> WriteAsync(ChunkId baseRoot, bool rebuilds)
        {
            var writer = new TreeWriter(nodes, nodes, Size, baseRoot, rebuilds);
            var random = new Random(7);
            for (long chunk = 0; chunk < Size; chunk++)
            {
                await writer.SetAsync(chunk, RandomId(random), default);
            }

            return await writer.CompleteAsync(Size, default);
        }

        ChunkId root = await WriteAsync(ChunkId.Zero, rebuilds: false);
        foreach (ChunkId lost in nodes.Ids.ToArray())
        {
            nodes.Remove(lost);
            await Assert.ThrowsAsync<IntegrityException>(() => WriteAsync(root, rebuilds: false));
            Assert.Equal(root, await WriteAsync(root, rebuilds: true));
            Assert.Equal(Size, (await ReadAsync(nodes, root, Size, leavesAhead: 0)).Count);
        }
    }

    [Fact]
    public async Task A_tree_that_does_not_fit_its_disk_is_an_error()
    {
        var nodes = new Nodes();
        var writer = new TreeWriter(nodes, nodes, 300, ChunkId.Zero, rebuildsDamaged: false);
        await writer.SetAsync(299, RandomId(new Random(1)), default);
        ChunkId root = await writer.CompleteAsync(300, default);
        await Assert.ThrowsAsync<IntegrityException>(() => ReadAsync(nodes, root, 299, leavesAhead: 3));
        await Assert.ThrowsAsync<IntegrityException>(() => ReadAsync(nodes, root, 200, leavesAhead: 0));
        await Assert.ThrowsAsync<IntegrityException>(() => ReadAsync(nodes, root, 1 << 20, leavesAhead: 0));
    }

    /// <summary>Sets chunks and runs of zeros in ascending order, in tree and model.</summary>
    private static async Task<int> ChangeAsync(TreeWriter writer, SortedDictionary<long, ChunkId> model, long size, Random random)
    {
        int steps = 0;
        for (long at = NextGap(random, size); at < size; at += 1 + NextGap(random, size))
        {
            steps++;
            if (random.Next(3) == 0)
            {
                long count = Math.Min(size - at, 1 + NextGap(random, size));
                if (random.Next(4) == 0)
                {
                    // Edges of subtrees are where runs are cut.
                    long unit = TreeNode.SlotChunks(random.Next(0, 4));
                    at = Math.Min(size - 1, (at + unit - 1) / unit * unit);
                    count = Math.Min(size - at, unit * random.Next(1, 300));
                }

                List<long> cleared = [.. model.Keys.Where(chunk => chunk >= at && chunk < at + count)];
                bool changed = await writer.SetZerosAsync(at, count, default);
                Assert.True(changed || cleared.Count == 0);
                cleared.ForEach(chunk => model.Remove(chunk));
                at += count - 1;
            }
            else
            {
                ChunkId id = random.Next(5) == 0 && model.TryGetValue(at, out ChunkId same) ? same : RandomId(random);
                Assert.Equal(model.GetValueOrDefault(at) != id, await writer.SetAsync(at, id, default));
                model[at] = id;
            }
        }

        return steps;
    }

    [Fact]
    public async Task Leaves_are_read_ahead_and_none_is_on_its_way_any_more_when_the_walk_is_broken_off()
    {
        const long Size = 65_536;
        var nodes = new Nodes();
        var writer = new TreeWriter(nodes, nodes, Size, ChunkId.Zero, rebuildsDamaged: false);
        for (long chunk = 0; chunk < Size; chunk += 100)
        {
            byte[] hash = new byte[ChunkId.LengthBytes];
            BinaryPrimitives.WriteInt64LittleEndian(hash, chunk + 1);
            await writer.SetAsync(chunk, new ChunkId(hash), default);
        }

        var reader = new FarNodes(nodes, leavesAtOnce: 5);
        ChunkId root = await writer.CompleteAsync(Size, default);
        await foreach (TreeChunk chunk in TreeReader.WalkAsync(reader, root, Size, leavesAhead: 4, default))
        {
            Assert.Equal(0, chunk.Chunk % 100);
            if (chunk.Chunk > 300)
            {
                break;
            }
        }

        Assert.Equal(0, reader.Now);
        Assert.Equal(6, reader.Leaves);
    }

    private static long NextGap(Random random, long size) => random.Next(3) switch
    {
        0 => random.Next(2),
        1 => random.Next(300),
        _ => random.NextInt64(Math.Max(1, size / 8)),
    };

    private static async Task<SortedDictionary<long, ChunkId>> ReadAsync(Nodes nodes, ChunkId root, long size, int leavesAhead)
    {
        var chunks = new SortedDictionary<long, ChunkId>();
        long last = -1;
        await foreach (TreeChunk chunk in TreeReader.WalkAsync(nodes, root, size, leavesAhead, default))
        {
            Assert.True(chunk.Chunk > last);
            chunks.Add(last = chunk.Chunk, chunk.Id);
        }

        return chunks;
    }

    private static async Task AssertDiffAsync(
        Nodes nodes, ChunkId oldRoot, ChunkId newRoot, long size, SortedDictionary<long, ChunkId> before, SortedDictionary<long, ChunkId> after)
    {
        var expected = before.Keys.Union(after.Keys).Order()
            .Select(chunk => new TreeChange(chunk, before.GetValueOrDefault(chunk), after.GetValueOrDefault(chunk)))
            .Where(change => change.Old != change.New);
        var found = new List<TreeChange>();
        await foreach (TreeChange change in TreeReader.DiffAsync(nodes, oldRoot, newRoot, size, default))
        {
            found.Add(change);
        }

        Assert.Equal(expected, found);
    }

    private static ChunkId RandomId(Random random)
    {
        byte[] id = new byte[ChunkId.LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(id, random.NextInt64(1, long.MaxValue));
        return new ChunkId(id);
    }

    /// <summary>Nodes in memory, counted.</summary>
    private sealed class Nodes : INodeReader, INodeWriter
    {
        private readonly Dictionary<ChunkId, byte[]> _nodes = [];

        public int Reads { get; set; }

        public int Writes { get; set; }

        public IEnumerable<ChunkId> Ids => _nodes.Keys;

        public void Remove(ChunkId id) => _nodes.Remove(id);

        public ValueTask ReadNodeAsync(ChunkId id, int level, Memory<ChunkId> slots, CancellationToken cancellationToken)
        {
            Reads++;
            return _nodes.TryGetValue(id, out byte[]? node) && TreeNode.TryDecode(node, level, slots.Span)
                ? ValueTask.CompletedTask
                : throw new IntegrityException("no such node");
        }

        public ValueTask<ChunkId> WriteNodeAsync(ReadOnlyMemory<byte> node, CancellationToken cancellationToken)
        {
            Writes++;
            byte[] hash = new byte[ChunkId.LengthBytes];
            Blake3.Hash(node.Span, hash);
            var id = new ChunkId(hash);
            _nodes[id] = node.ToArray();
            return new(id);
        }
    }

    /// <summary>Nodes whose leaves come when so many have been asked for; those asked for later never come.</summary>
    private sealed class FarNodes(Nodes nodes, int leavesAtOnce) : INodeReader
    {
        private readonly TaskCompletionSource _gathered = new();

        public int Now { get; private set; }

        public int Leaves { get; private set; }

        public async ValueTask ReadNodeAsync(ChunkId id, int level, Memory<ChunkId> slots, CancellationToken cancellationToken)
        {
            await nodes.ReadNodeAsync(id, level, slots, cancellationToken);
            if (level > 0)
            {
                return;
            }

            Now++;
            Leaves++;
            try
            {
                if (Leaves > leavesAtOnce)
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                if (Leaves == leavesAtOnce)
                {
                    _gathered.SetResult();
                }

                await _gathered.Task.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);
            }
            finally
            {
                Now--;
            }
        }
    }
}
