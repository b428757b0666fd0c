using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static VProtect.Mover.Reduce.Chunking.Blake3Constants;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>
/// The compression function of section 2.2 for one block, without vectors: the only code on a machine that has none, the
/// last block of inputs that are not whole chunks, roots, and extended output.
/// </summary>
/// <remarks>Words are taken as they lie in memory: little-endian machines only, as are all that .NET is shipped for.</remarks>
internal static unsafe class Blake3Portable
{
    /// <param name="cv">Eight words: the chaining value before the block.</param>
    /// <param name="block">64 bytes, zero beyond <paramref name="blockLength"/>.</param>
    /// <param name="blockLength">Bytes of the block that are input.</param>
    /// <param name="counter">Chunk number, 0 for parents, or output block number for roots.</param>
    /// <param name="flags">Domain separation flags.</param>
    /// <param name="output">
    /// Receives eight words, the chaining value after the block, or sixteen when <paramref name="extended"/>. May be
    /// <paramref name="cv"/> or lie in <paramref name="block"/> when not extended.
    /// </param>
    /// <param name="extended">Whether the second half, of use in roots only, is wanted.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(
        uint* cv, byte* block, uint blockLength, ulong counter, uint flags, uint* output, bool extended = false)
    {
        uint* message = (uint*)block;
        uint v0 = cv[0], v1 = cv[1], v2 = cv[2], v3 = cv[3], v4 = cv[4], v5 = cv[5], v6 = cv[6], v7 = cv[7];
        uint v8 = IV0, v9 = IV1, v10 = IV2, v11 = IV3;
        uint v12 = (uint)counter, v13 = (uint)(counter >> 32), v14 = blockLength, v15 = flags;

        ref byte schedule = ref MemoryMarshal.GetReference(Schedule);
        for (nuint round = 0; round < Rounds * BlockWords; round += BlockWords)
        {
            ref byte words = ref Unsafe.AddByteOffset(ref schedule, round);
            Mix(ref v0, ref v4, ref v8, ref v12, Word(message, ref words, 0), Word(message, ref words, 1));
            Mix(ref v1, ref v5, ref v9, ref v13, Word(message, ref words, 2), Word(message, ref words, 3));
            Mix(ref v2, ref v6, ref v10, ref v14, Word(message, ref words, 4), Word(message, ref words, 5));
            Mix(ref v3, ref v7, ref v11, ref v15, Word(message, ref words, 6), Word(message, ref words, 7));
            Mix(ref v0, ref v5, ref v10, ref v15, Word(message, ref words, 8), Word(message, ref words, 9));
            Mix(ref v1, ref v6, ref v11, ref v12, Word(message, ref words, 10), Word(message, ref words, 11));
            Mix(ref v2, ref v7, ref v8, ref v13, Word(message, ref words, 12), Word(message, ref words, 13));
            Mix(ref v3, ref v4, ref v9, ref v14, Word(message, ref words, 14), Word(message, ref words, 15));
        }

        if (extended)
        {
            output[8] = v8 ^ cv[0];
            output[9] = v9 ^ cv[1];
            output[10] = v10 ^ cv[2];
            output[11] = v11 ^ cv[3];
            output[12] = v12 ^ cv[4];
            output[13] = v13 ^ cv[5];
            output[14] = v14 ^ cv[6];
            output[15] = v15 ^ cv[7];
        }

        output[0] = v0 ^ v8;
        output[1] = v1 ^ v9;
        output[2] = v2 ^ v10;
        output[3] = v3 ^ v11;
        output[4] = v4 ^ v12;
        output[5] = v5 ^ v13;
        output[6] = v6 ^ v14;
        output[7] = v7 ^ v15;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(uint* message, ref byte words, nuint index) =>
        message[(nuint)Unsafe.AddByteOffset(ref words, index)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref uint a, ref uint b, ref uint c, ref uint d, uint x, uint y)
    {
        a = a + x + b;
        d = BitOperations.RotateRight(d ^ a, 16);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 12);
        a = a + y + b;
        d = BitOperations.RotateRight(d ^ a, 8);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 7);
    }
}
