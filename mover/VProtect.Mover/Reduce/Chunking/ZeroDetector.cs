using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>Tells chunks of zeros from others, so that neither hash nor storage is spent on them.</summary>
public static class ZeroDetector
{
    /// <summary>Whether every byte is zero; true of nothing at all.</summary>
    /// <remarks>
    /// Thread-safe, allocates nothing. Returns at the first bytes of nearly all data; an all-zero chunk is read once, at
    /// the speed of memory.
    /// </remarks>
    /// <param name="chunk">Any length and alignment.</param>
    public static bool IsZero(ReadOnlySpan<byte> chunk)
    {
        ref byte start = ref MemoryMarshal.GetReference(chunk);
        nuint length = (nuint)chunk.Length;
        if (length < sizeof(ulong))
        {
            return !chunk.ContainsAnyExcept((byte)0);
        }

        // 1. What is not zero mostly shows it at once, and without touching a vector.
        if (Unsafe.ReadUnaligned<ulong>(ref start) != 0)
        {
            return false;
        }

        // 2. Four vectors per branch. Vector512 is two Vector256 where the processor has no wider ones.
        nuint offset = 0;
        nuint step = 4 * (nuint)Vector512<byte>.Count;
        for (; length - offset >= step; offset += step)
        {
            Vector512<byte> any = Vector512.LoadUnsafe(ref start, offset)
                | Vector512.LoadUnsafe(ref start, offset + 64)
                | Vector512.LoadUnsafe(ref start, offset + 128)
                | Vector512.LoadUnsafe(ref start, offset + 192);
            if (any != Vector512<byte>.Zero)
            {
                return false;
            }
        }

        // 3. The rest.
        return !chunk[(int)offset..].ContainsAnyExcept((byte)0);
    }
}
