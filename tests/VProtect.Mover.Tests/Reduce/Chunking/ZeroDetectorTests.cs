using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Tests.Reduce.Chunking;

public sealed class ZeroDetectorTests
{
    [Fact]
    public void One_set_bit_anywhere_is_seen_and_neighbours_are_not()
    {
        // Around each length the buffer is not zero, so that reading beyond the span shows.
        byte[] buffer = new byte[1200];
        for (int length = 0; length < 1100; length += length < 300 ? 1 : 37)
        {
            Array.Fill(buffer, (byte)0xFF);
            Span<byte> chunk = buffer.AsSpan(3, length);
            chunk.Clear();
            Assert.True(ZeroDetector.IsZero(chunk), $"length {length}");
            for (int position = 0; position < length; position++)
            {
                chunk[position] = 0x80;
                Assert.False(ZeroDetector.IsZero(chunk), $"length {length}, position {position}");
                chunk[position] = 0;
            }
        }
    }

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData((1024 * 1024) + 5)]
    public void Last_byte_of_a_long_chunk_counts(int length)
    {
        byte[] chunk = new byte[length];
        Assert.True(ZeroDetector.IsZero(chunk));
        chunk[^1] = 1;
        Assert.False(ZeroDetector.IsZero(chunk));
    }
}
