using VProtect.Mover.Reduce.Zstd;
using VProtect.Mover.Tests.Reduce.Chunking;

namespace VProtect.Mover.Tests.Reduce.Zstd;

public sealed class ZstdCompressorTests
{
    [Theory]
    [InlineData(ZstdCompressor.LevelMin)]
    [InlineData(-3)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(ZstdCompressor.LevelMax)]
    public void Chunks_come_back_at_every_level(int level)
    {
        using ZstdCompressor compressor = new(level);
        using ZstdDecompressor decompressor = new();
        foreach (int length in new[] { 0, 1, 100, 4096, 65_536, 300_000 })
        {
            byte[] chunk = TextLike(length);
            byte[] frame = new byte[length + 1024];
            byte[] back = new byte[length];
            int frameLength = compressor.Compress(chunk, frame);
            Assert.True(decompressor.Decompress(frame.AsSpan(0, frameLength), back));
            Assert.Equal(chunk, back);
        }
    }

    [Fact]
    public void Frame_that_does_not_fit_is_zero_and_the_next_chunk_is_not_harmed()
    {
        using ZstdCompressor compressor = new(1);
        using ZstdDecompressor decompressor = new();
        byte[] random = Blake3Tests.RandomBytes(seed: 1, 65_536);
        byte[] text = TextLike(65_536);
        byte[] frame = new byte[65_536];
        byte[] back = new byte[65_536];
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, compressor.Compress(random, frame));
            int length = compressor.Compress(text, frame);
            Assert.InRange(length, 1, 65_535);
            Assert.Equal(0, compressor.Compress(text, frame.AsSpan(0, length - 1)));
            Assert.Equal(length, compressor.Compress(text, frame.AsSpan(0, length + 16)));
            Assert.True(decompressor.Decompress(frame.AsSpan(0, length), back));
            Assert.Equal(text, back);
        }
    }

    [Fact]
    public void Nothing_is_written_beyond_the_target()
    {
        using ZstdCompressor compressor = new(1);
        byte[] text = TextLike(65_536);
        byte[] buffer = new byte[65_536];
        int length = compressor.Compress(text, buffer);
        for (int room = 0; room < length; room += 997)
        {
            Array.Fill(buffer, (byte)0xA5);
            Assert.Equal(0, compressor.Compress(text, buffer.AsSpan(0, room)));
            Assert.False(buffer.AsSpan(room).ContainsAnyExcept((byte)0xA5));
        }
    }

    [Fact]
    public void Compression_allocates_nothing()
    {
        using ZstdCompressor compressor = new(1);
        using ZstdDecompressor decompressor = new();
        byte[] text = TextLike(65_536);
        byte[] frame = new byte[65_536];
        byte[] back = new byte[65_536];
        Assert.True(decompressor.Decompress(frame.AsSpan(0, compressor.Compress(text, frame)), back));

        Assert.Equal(0, Allocations.Of(() =>
        {
            int length = compressor.Compress(text, frame);
            decompressor.Decompress(frame.AsSpan(0, length), back);
        }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ZstdCompressor.LevelMin - 1)]
    [InlineData(ZstdCompressor.LevelMax + 1)]
    public void Level_out_of_range_is_refused(int level) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZstdCompressor(level));

    [Fact]
    public void Use_after_dispose_is_refused()
    {
        ZstdCompressor compressor = new(1);
        compressor.Dispose();
        compressor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => compressor.Compress(new byte[10], new byte[100]));
    }

    /// <summary>Bytes that compress to about a half, as machine code does.</summary>
    internal static byte[] TextLike(int length)
    {
        Random random = new(length);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = i > 64 && random.Next(4) != 0 ? bytes[i - 1 - random.Next(3) * 16] : (byte)random.Next(100);
        }

        return bytes;
    }
}
