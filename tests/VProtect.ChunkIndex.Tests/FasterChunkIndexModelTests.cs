using VProtect.Abstractions;
using static VProtect.ChunkIndex.Tests.TestIndex;

namespace VProtect.ChunkIndex.Tests;

public sealed class FasterChunkIndexModelTests
{
    private const int Chunks = 120;
    private const int Packs = 40;
    private const int PerPack = 12;

    /// <summary>
    /// Goal: after any sequence of operations, crashes included, an answer is always one that a plain dictionary allows;
    /// and once the caller has told the index what it lost, the answers are exactly the dictionary's.
    /// Method: few chunks in many packs, so that chunks have several places; seeded, so that a failure can be run again.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Answers_are_those_of_a_dictionary(int seed)
    {
        var random = new Random(seed);
        using var test = new TestIndex();
        var contents = Enumerable.Range(0, Packs)
            .Select(pack => Enumerable.Range(0, PerPack).Select(_ => random.Next(Chunks)).Distinct().ToArray())
            .ToArray();
        var live = new HashSet<int>();
        var bad = new HashSet<(int Chunk, int Pack)>();
        FasterChunkIndex index = test.Open();
        IChunkIndexSession session = index.OpenSession();
        for (int step = 0; step < 600; step++)
        {
            int pack = random.Next(Packs);
            switch (random.Next(100))
            {
                case < 45:
                    index.AddPack(Pack(pack), contents[pack].Select(chunk => Entry(pack, chunk)).ToArray());
                    live.Add(pack);
                    break;
                case < 65:
                    index.RemovePack(Pack(pack));
                    live.Remove(pack);
                    bad.RemoveWhere(place => place.Pack == pack);
                    break;
                case < 80:
                    int chunk = contents[pack][random.Next(contents[pack].Length)];
                    Assert.Equal(live.Contains(pack), index.Quarantine(Id(chunk), Pack(pack)));
                    if (live.Contains(pack))
                    {
                        bad.Add((chunk, pack));
                    }

                    break;
                case < 92:
                    await index.CheckpointAsync(CancellationToken.None);
                    break;
                default:
                    session.Dispose();
                    await index.DisposeAsync();
                    index = test.Open();
                    session = index.OpenSession();
                    Compare(exactly: false);
                    Assert.Subset(live, Enumerable.Range(0, Packs).Where(n => index.ContainsPack(Pack(n))).ToHashSet());
                    foreach (int lost in live)
                    {
                        index.AddPack(Pack(lost), contents[lost].Select(n => Entry(lost, n)).ToArray());
                    }

                    break;
            }

            Compare(exactly: true);
        }

        session.Dispose();
        await index.DisposeAsync();

        void Compare(bool exactly)
        {
            var ids = Enumerable.Range(0, Chunks).Select(n => Id(n)).ToArray();
            var locations = new ChunkLocation[Chunks];
            bool[] found = new bool[Chunks];
            int count = session.FindMany(ids, locations, found);
            Assert.Equal(found.Count(static one => one), count);
            for (int chunk = 0; chunk < Chunks; chunk++)
            {
                ChunkLocation[] allowed = [.. live
                    .Where(pack => contents[pack].Contains(chunk) && !bad.Contains((chunk, pack)))
                    .Select(pack => Location(pack, chunk))];
                Assert.Equal(found[chunk], session.TryFind(ids[chunk], out ChunkLocation location));
                if (found[chunk])
                {
                    Assert.Contains(locations[chunk], allowed);
                    Assert.Contains(location, allowed);
                }
                else if (exactly)
                {
                    Assert.Empty(allowed);
                }
            }
        }
    }
}
