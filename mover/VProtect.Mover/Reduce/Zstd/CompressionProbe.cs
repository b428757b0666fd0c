using System.Runtime.CompilerServices;

namespace VProtect.Mover.Reduce.Zstd;

/// <summary>Tells, for about a microsecond, chunks that zstd would spend many times that on for nothing.</summary>
/// <remarks>
/// Compressed and encrypted bytes are nearly uniform, so a sample of n bytes holds nearly as many equal pairs as
/// chance makes: n(n - 1) / 256 of them, counted both ways. Machine code, text and tables hold several times that, and one part in
/// a hundred of zeros is enough to double it. What it cannot see are repetitions of uniform bytes; such a chunk is stored as
/// it is, which is safe.
/// </remarks>
public static class CompressionProbe
{
    // Short pieces all over the chunk, so that a compressible part of it is not overlooked.
    private const int Pieces = 32;
    private const int PieceLength = 64;
    private const int SampleLength = Pieces * PieceLength;

    // Shorter chunks cost little to compress, and samples of them would overlap.
    private const int LengthMinBytes = 2 * SampleLength;

    // Pairs, in percent of those by chance, up to which bytes pass for uniform. By chance alone a sample deviates by one
    // percent. Of the chunks of .gz, .xz, .deb, .png and similar files that level 1 could not shrink by two percent, more
    // than nine in ten lie below, and of programs, libraries, text and databases none that it could.
    private const int UniformPercentMax = 108;

    /// <summary>Whether compression is not worth trying.</summary>
    /// <remarks>A pure function: thread-safe, nothing allocated.</remarks>
    /// <param name="chunk">Any length; of less than 4 KiB it is never said.</param>
    /// <returns>True when the chunk looks compressed or encrypted; never of zeros.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool LooksIncompressible(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < LengthMinBytes)
        {
            return false;
        }

        // Two tables by turns: neighbours that are equal, as in runs, do not wait for each other's store.
        Span<ushort> even = stackalloc ushort[256];
        Span<ushort> odd = stackalloc ushort[256];
        even.Clear();
        odd.Clear();
        int step = (chunk.Length - PieceLength) / (Pieces - 1);
        for (int piece = 0; piece < Pieces; piece++)
        {
            ReadOnlySpan<byte> bytes = chunk.Slice(piece * step, PieceLength);
            for (int i = 0; i < bytes.Length; i += 2)
            {
                even[bytes[i]]++;
                odd[bytes[i + 1]]++;
            }
        }

        long pairs = -SampleLength;
        for (int value = 0; value < 256; value++)
        {
            int count = even[value] + odd[value];
            pairs += count * count;
        }

        return pairs * 256 * 100 <= (long)UniformPercentMax * SampleLength * (SampleLength - 1);
    }
}
