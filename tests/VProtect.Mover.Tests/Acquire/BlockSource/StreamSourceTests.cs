using VProtect.Mover.Acquire.BlockSource;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

public sealed class StreamSourceTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Reads_are_full_until_the_stream_ends()
    {
        byte[] disk = SparseDisk.Create(1, 100_001);
        await using var source = new StreamSource(new DribblingStream(disk), "pipe");
        var read = new List<byte>();
        byte[] buffer = new byte[30_000];
        int done;
        do
        {
            done = await source.ReadAsync(read.Count, buffer, None);
            read.AddRange(buffer[..done]);
        }
        while (done == buffer.Length);

        Assert.Equal(disk, read);
        Assert.Equal(0, await source.ReadAsync(read.Count, buffer, None));
        Assert.True(source.IsSequential);
        Assert.Null(source.SizeBytes);
        Assert.Empty(await source.GetExtentsAsync(None).ToListAsync());
    }

    [Fact]
    public async Task Reading_out_of_order_is_a_bug()
    {
        await using var source = new StreamSource(new MemoryStream(new byte[10]), "pipe");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await source.ReadAsync(5, new byte[1], None));
    }

    /// <summary>Gives few bytes at a time, as pipes do.</summary>
    private sealed class DribblingStream(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 777)], cancellationToken);
    }
}
