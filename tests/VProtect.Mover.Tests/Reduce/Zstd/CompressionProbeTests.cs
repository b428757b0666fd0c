using System.IO.Compression;
using VProtect.Mover.Reduce.Zstd;
using VProtect.Mover.Tests.Reduce.Chunking;

namespace VProtect.Mover.Tests.Reduce.Zstd;

public sealed class CompressionProbeTests
{
    private const int ChunkLength = 65_536;

    [Fact]
    public void Random_bytes_look_incompressible()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            Assert.True(CompressionProbe.LooksIncompressible(Blake3Tests.RandomBytes(seed, ChunkLength)));
        }
    }

    [Fact]
    public void Compressed_text_looks_incompressible_and_text_does_not()
    {
        byte[] text = new byte[8 * 1024 * 1024];
        Random random = new(1);
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (byte)('a' + (random.Next(26) * random.Next(26) / 26));
        }

        using MemoryStream packed = new();
        using (BrotliStream brotli = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            brotli.Write(text);
        }

        Assert.True(CompressionProbe.LooksIncompressible(packed.ToArray().AsSpan(ChunkLength, ChunkLength)));
        Assert.False(CompressionProbe.LooksIncompressible(text.AsSpan(0, ChunkLength)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(ChunkLength)]
    public void Zeros_are_compressible_at_any_length(int length) =>
        Assert.False(CompressionProbe.LooksIncompressible(new byte[length]));

    [Fact]
    public void Random_bytes_with_a_compressible_part_are_compressible()
    {
        for (int start = 0; start < ChunkLength; start += 4096)
        {
            byte[] chunk = Blake3Tests.RandomBytes(start, ChunkLength);
            chunk.AsSpan(start, 4096).Clear();
            Assert.False(CompressionProbe.LooksIncompressible(chunk), $"zeros from {start}");
        }
    }

    [Fact]
    public void Base64_and_digits_are_compressible()
    {
        byte[] random = Blake3Tests.RandomBytes(seed: 2, ChunkLength);
        Assert.False(CompressionProbe.LooksIncompressible(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(random))));
        Assert.False(CompressionProbe.LooksIncompressible(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexString(random))));
    }
}
