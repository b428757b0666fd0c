using VProtect.Mover.Reduce.Zstd;
using VProtect.Mover.Tests.Reduce.Chunking;

namespace VProtect.Mover.Tests.Reduce.Zstd;

public sealed class ZstdDecompressorTests
{
    private const int ChunkLength = 65_536;
    private const byte Guard = 0xA5;

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(-ChunkLength)]
    [InlineData(ChunkLength)]
    public void Any_other_length_than_the_frame_holds_is_refused(int difference)
    {
        using ZstdDecompressor decompressor = new();
        Assert.False(decompressor.Decompress(Frame(), new byte[ChunkLength + difference]));
    }

    [Fact]
    public void Frame_cut_anywhere_is_refused()
    {
        using ZstdDecompressor decompressor = new();
        byte[] frame = Frame();
        byte[] back = new byte[ChunkLength];
        for (int length = 0; length < frame.Length; length += length < 40 ? 1 : 211)
        {
            Assert.False(decompressor.Decompress(frame.AsSpan(0, length), back));
        }
    }

    [Fact]
    public void Damaged_and_random_frames_never_write_beyond_the_target_nor_throw()
    {
        using ZstdDecompressor decompressor = new();
        Random random = new(7);
        byte[] good = Frame();
        byte[] chunk = ZstdCompressorTests.TextLike(ChunkLength);
        byte[] buffer = new byte[ChunkLength + 4096];
        for (int run = 0; run < 3000; run++)
        {
            byte[] bad = [.. good];
            for (int hits = random.Next(1, 5); hits > 0; hits--)
            {
                // Half of the hits go to the headers, where lengths are.
                bad[random.Next(random.Next(2) == 0 ? 32 : bad.Length)] ^= (byte)random.Next(1, 256);
            }

            int length = random.Next(ChunkLength + 1);
            Array.Fill(buffer, Guard);
            decompressor.Decompress(bad, buffer.AsSpan(0, length));
            Assert.False(buffer.AsSpan(length).ContainsAnyExcept(Guard));
        }

        Assert.False(decompressor.Decompress(Blake3Tests.RandomBytes(seed: 8, 5000), buffer));
        Assert.True(decompressor.Decompress(good, buffer.AsSpan(0, ChunkLength)));
        Assert.Equal(chunk, buffer[..ChunkLength]);
    }

    [Fact]
    public void Bytes_after_the_frame_are_refused()
    {
        using ZstdDecompressor decompressor = new();
        Assert.False(decompressor.Decompress([.. Frame(), 0], new byte[ChunkLength]));
    }

    [Fact]
    public void Use_after_dispose_is_refused()
    {
        ZstdDecompressor decompressor = new();
        decompressor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => decompressor.Decompress(Frame(), new byte[ChunkLength]));
    }

    private static byte[] Frame()
    {
        using ZstdCompressor compressor = new(1);
        byte[] frame = new byte[ChunkLength];
        int length = compressor.Compress(ZstdCompressorTests.TextLike(ChunkLength), frame);
        return frame[..length];
    }
}
