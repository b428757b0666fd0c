using System.Runtime.InteropServices;
using VProtect.Abstractions;

namespace VProtect.RepositoryScale;

/// <summary>Ids that look like hashes: SplitMix64 words of a counter, so they can be made again.</summary>
internal static class Ids
{
    public static ChunkId Chunk(long n)
    {
        Span<ulong> words = stackalloc ulong[4];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Mix(((ulong)n * 4) + (ulong)i + 1);
        }

        return new ChunkId(MemoryMarshal.AsBytes(words));
    }

    public static ulong Mix(ulong n)
    {
        ulong x = n * 0x9E37_79B9_7F4A_7C15;
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
