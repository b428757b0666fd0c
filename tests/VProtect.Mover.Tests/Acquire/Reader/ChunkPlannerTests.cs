using VProtect.Abstractions;
using VProtect.Mover.Acquire.Reader;

namespace VProtect.Mover.Tests.Acquire.Reader;

public sealed class ChunkPlannerTests
{
    private const int ChunkBytes = 16;

    /// <summary>
    /// Property, against a model with one entry for each byte: a chunk is zero when zero extents cover all of it that the disk has,
    /// read when any extent touches it otherwise, and in no run when none does.
    /// </summary>
    [Fact]
    public async Task Runs_are_what_a_model_by_the_byte_says()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            int diskBytes = random.Next(1, 400);
            List<Extent> extents = RandomExtents(random, diskBytes, hasGaps: seed % 2 == 0);
            char[] bytes = new string('.', diskBytes).ToCharArray();
            foreach (Extent extent in extents)
            {
                bytes.AsSpan((int)extent.OffsetBytes, (int)extent.LengthBytes).Fill(extent.Kind == ExtentKind.Zero ? '0' : 'd');
            }

            string expected = string.Concat(bytes.Chunk(ChunkBytes).Select(chunk =>
                chunk.All(b => b == '.') ? '.' : chunk.All(b => b == '0') ? '0' : 'd'));
            char[] planned = new string('.', expected.Length).ToCharArray();
            long end = 0;
            ChunkRun last = default;
            foreach (ChunkRun run in await PlanAsync(extents, diskBytes))
            {
                Assert.True(run.Count > 0 && run.FirstChunk >= end, $"seed {seed}: runs overlap");
                Assert.False(last.Count > 0 && last.Kind == run.Kind && last.EndChunk == run.FirstChunk, $"seed {seed}: runs are not merged");
                planned.AsSpan((int)run.FirstChunk, (int)run.Count).Fill(run.Kind == ExtentKind.Zero ? '0' : 'd');
                end = run.EndChunk;
                last = run;
            }

            // Two zero extents that meet inside a chunk cover it together, but it may be read: that costs little and loses nothing.
            Assert.True(
                expected.Zip(planned).All(pair => pair.First == pair.Second || (pair.First == '0' && pair.Second == 'd')),
                $"seed {seed}: {string.Join(' ', extents)} gives {new string(planned)}, not {expected}");
        }
    }

    [Fact]
    public async Task A_disk_of_the_largest_size_is_planned_as_few_runs()
    {
        const long DiskBytes = long.MaxValue - (1 << 20);
        List<ChunkRun> runs = await PlanAsync(
            [new Extent(0, 1, ExtentKind.Data), new Extent(1, DiskBytes - 2, ExtentKind.Zero), new Extent(DiskBytes - 1, 1, ExtentKind.Data)], DiskBytes);
        Assert.Equal([ExtentKind.Data, ExtentKind.Zero, ExtentKind.Data], runs.Select(run => run.Kind));
        Assert.Equal((DiskBytes / ChunkBytes) + 1, runs[^1].EndChunk);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 5)]
    [InlineData(0, 101)]
    [InlineData(100, 1)]
    [InlineData(5, -2)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, long.MaxValue)]
    public async Task An_extent_outside_of_the_disk_is_an_error_of_the_source(long offset, long length)
    {
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => PlanAsync([new Extent(offset, length, ExtentKind.Data)], 100));
        Assert.Equal(ErrorCode.SourceReadFailed, error.Code);
    }

    private static List<Extent> RandomExtents(Random random, int diskBytes, bool hasGaps)
    {
        var extents = new List<Extent>();
        for (int at = hasGaps ? random.Next(40) : 0; at < diskBytes;)
        {
            int length = Math.Min(random.Next(1, random.Next(2) == 0 ? 8 : 100), diskBytes - at);
            extents.Add(new Extent(at, length, random.Next(2) == 0 ? ExtentKind.Zero : ExtentKind.Data));
            at += length + (hasGaps ? random.Next(40) : 0);
        }

        return extents;
    }

    private static async Task<List<ChunkRun>> PlanAsync(List<Extent> extents, long diskBytes)
    {
        var runs = new List<ChunkRun>();
        await foreach (ChunkRun run in ChunkPlanner.PlanAsync(extents.ToAsyncEnumerable(), diskBytes, ChunkBytes, default))
        {
            runs.Add(run);
        }

        return runs;
    }
}
