using System.Buffers.Binary;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>Tells chunks of zeros from others, so that neither hash nor storage is spent on them.</summary>
public static class ZeroDetector
{
    /// <summary>Whether every byte is zero; true of nothing at all.</summary>
    /// <remarks>
    /// Thread-safe, allocates nothing. Returns at the first bytes of nearly all data; an all-zero chunk is read once, at
    /// the speed of memory: vectors unrolled by hand were measured to be no faster than the library's.
    /// </remarks>
    /// <param name="chunk">Any length and alignment.</param>
    public static bool IsZero(ReadOnlySpan<byte> chunk) =>
        !(BinaryPrimitives.TryReadUInt64LittleEndian(chunk, out ulong first) && first != 0)
        && !chunk.ContainsAnyExcept((byte)0);
}
