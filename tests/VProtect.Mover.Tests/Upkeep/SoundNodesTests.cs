using VProtect.Abstractions;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep;

public sealed class SoundNodesTests
{
    /// <summary>A million nodes in a memory of 4096: it forgets, and never says of a node that it is sound when nobody said so.</summary>
    [Fact]
    public void It_stays_within_its_bound_and_never_invents()
    {
        var nodes = new SoundNodes(4096);
        var random = new Random(1);
        byte[] bytes = new byte[32];
        ChunkId last = default;
        for (int i = 0; i < 1_000_000; i++)
        {
            random.NextBytes(bytes);
            last = new ChunkId(bytes);
            Assert.False(nodes.Contains(last, 0));
            nodes.Add(last, 0);
        }

        Assert.True(nodes.Contains(last, 0));
        Assert.False(nodes.Contains(last, 1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            random.NextBytes(bytes);
            nodes.Add(new ChunkId(bytes), 0);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Below_its_bound_it_forgets_next_to_nothing_while_it_grows()
    {
        var nodes = new SoundNodes(1 << 20);
        var random = new Random(2);
        ChunkId[] ids = [.. Enumerable.Range(0, 400_000).Select(_ =>
        {
            byte[] bytes = new byte[32];
            random.NextBytes(bytes);
            return new ChunkId(bytes);
        })];
        foreach (ChunkId id in ids)
        {
            nodes.Add(id, 2);
        }

        Assert.InRange(ids.Count(id => nodes.Contains(id, 2)), ids.Length * 99 / 100, ids.Length);
    }
}
