using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

public sealed class DirtyExtentsTests
{
    [Fact]
    public void Intersection_is_what_a_byte_by_byte_model_says()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            const int Size = 300;
            List<Extent> allocation = RandomExtents(random, Size, chanceOfGap: 0);
            List<Extent> dirty = [.. RandomExtents(random, Size, chanceOfGap: 2).Select(e => e with { Kind = ExtentKind.Data })];
            List<Extent> result = DirtyExtents.Intersect(dirty, allocation);

            Assert.Equal(Paint(dirty, Size).Select((isDirty, i) => isDirty is null ? null : Paint(allocation, Size)[i]), Paint(result, Size));
            for (int i = 1; i < result.Count; i++)
            {
                Assert.True(result[i - 1].EndBytes <= result[i].OffsetBytes);
                Assert.False(result[i - 1].EndBytes == result[i].OffsetBytes && result[i - 1].Kind == result[i].Kind);
            }
        }
    }

    [Fact]
    public void Windows_join_what_lies_close_together()
    {
        Extent[] dirty = [Data(0, 10), Data(15, 5), Data(100, 10), Data(121, 1)];
        Assert.Equal([Data(0, 20), Data(100, 10), Data(121, 1)], DirtyExtents.Windows(dirty, gapBytes: 10));
        Assert.Empty(DirtyExtents.Windows([], gapBytes: 10));
    }

    private static Extent Data(long offset, long length) => new(offset, length, ExtentKind.Data);

    private static List<Extent> RandomExtents(Random random, int size, int chanceOfGap)
    {
        var extents = new List<Extent>();
        for (int at = 0; at < size;)
        {
            int length = Math.Min(random.Next(1, 40), size - at);
            if (chanceOfGap == 0 || random.Next(chanceOfGap) == 0)
            {
                DirtyExtents.Append(extents, new Extent(at, length, (ExtentKind)random.Next(2)));
            }

            at += length;
        }

        return extents;
    }

    private static ExtentKind?[] Paint(IEnumerable<Extent> extents, int size)
    {
        var bytes = new ExtentKind?[size];
        foreach (Extent extent in extents)
        {
            bytes.AsSpan((int)extent.OffsetBytes, (int)extent.LengthBytes).Fill(extent.Kind);
        }

        return bytes;
    }
}
