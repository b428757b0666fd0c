using VProtect.Nbd.Client;

namespace VProtect.Nbd.Tests.Client;

public sealed class ReadCoverageTests
{
    /// <summary>Goal: accepted means disjoint, complete means all. Method: random chunks against an array of booleans.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_agrees_with_a_map_of_single_bytes(int seed)
    {
        var random = new Random(seed);
        var coverage = new ReadCoverage();
        for (int round = 0; round < 2000; round++)
        {
            coverage.Reset();
            bool[] covered = new bool[24];
            for (int step = 0; step < 30; step++)
            {
                int start = random.Next(covered.Length);
                int length = 1 + random.Next(Math.Min(6, covered.Length - start));
                bool free = !covered.AsSpan(start, length).Contains(true);
                if (!free && step < 25)
                {
                    continue; // an overlap ends a connection, so only the last steps try one
                }

                Assert.Equal(free, coverage.TryAdd(start, length));
                if (!free)
                {
                    break;
                }

                covered.AsSpan(start, length).Fill(true);
                Assert.Equal(!covered.Contains(false), coverage.IsComplete(covered.Length));
            }
        }
    }

    [Fact]
    public void Absurdly_many_gaps_are_refused()
    {
        var coverage = new ReadCoverage();
        int start = 1;
        while (coverage.TryAdd(start, 1))
        {
            start += 2;
            Assert.True(start < 100_000);
        }
    }
}
