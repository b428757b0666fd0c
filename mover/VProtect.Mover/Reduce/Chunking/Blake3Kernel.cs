using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static VProtect.Mover.Reduce.Chunking.Blake3Constants;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>
/// Hashes as many inputs of equal length as a vector has lanes, one input per lane: whole chunks (sixteen blocks) or
/// parents (one block). This is where all the time of BLAKE3 goes.
/// </summary>
/// <remarks>
/// The sixteen state vectors stay in registers through all rounds; the message words lie transposed in two kilobytes of
/// first-level cache and are operands of the additions, which costs nothing because the arithmetic units, not the load
/// units, are the limit. Keeping the messages in registers too would need all 32 of them, and leave none to the compiler.
/// </remarks>
internal static unsafe class Blake3Kernel<TLanes, TVector>
    where TLanes : ILanes<TVector>
    where TVector : unmanaged
{
    /// <param name="input">First lane's input; the next lane's begins <paramref name="strideBytes"/> further.</param>
    /// <param name="strideBytes">Distance of two lanes' inputs.</param>
    /// <param name="blocks">Blocks of 64 bytes in each input.</param>
    /// <param name="key">Eight words: the key, or the initialisation vector.</param>
    /// <param name="counter">Chunk number of the first lane; 0 for parents.</param>
    /// <param name="counterStep">1 for chunks, whose numbers follow each other; 0 for parents.</param>
    /// <param name="flags">Flags of every block.</param>
    /// <param name="startFlags">Further flags of the first block.</param>
    /// <param name="endFlags">Further flags of the last block.</param>
    /// <param name="output">Receives 32 bytes per lane. May not overlap the input.</param>
    // Optimised at once: the program is published ahead of time for a baseline processor, and the first backup after a
    // start must not wait for tiering.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void HashMany(
        byte* input, nuint strideBytes, int blocks, uint* key, ulong counter, uint counterStep,
        uint flags, uint startFlags, uint endFlags, byte* output)
    {
        // Aligned to the cache line, or else every wide message operand would straddle two lines.
        byte* scratch = stackalloc byte[(2 * BlockWords * sizeof(TVector)) + 63];
        TVector* message = (TVector*)(((nuint)scratch + 63) & ~(nuint)63);
        TVector* next = message + BlockWords;

        uint* counters = stackalloc uint[2 * TLanes.Count];
        for (int lane = 0; lane < TLanes.Count; lane++)
        {
            ulong laneCounter = counter + ((uint)lane * counterStep);
            counters[lane] = (uint)laneCounter;
            counters[TLanes.Count + lane] = (uint)(laneCounter >> 32);
        }

        TVector v0 = TLanes.Broadcast(key[0]), v1 = TLanes.Broadcast(key[1]);
        TVector v2 = TLanes.Broadcast(key[2]), v3 = TLanes.Broadcast(key[3]);
        TVector v4 = TLanes.Broadcast(key[4]), v5 = TLanes.Broadcast(key[5]);
        TVector v6 = TLanes.Broadcast(key[6]), v7 = TLanes.Broadcast(key[7]);

        ref byte schedule = ref MemoryMarshal.GetReference(Schedule);
        uint blockFlags = flags | startFlags;
        for (nuint quarter = 0; quarter < 4; quarter++)
        {
            TLanes.LoadQuarter(input, strideBytes, quarter, message);
        }

        for (int block = 0; block < blocks; block++)
        {
            if (block == blocks - 1)
            {
                blockFlags |= endFlags;
            }

            byte* following = input + ((block + 1) * BlockLength);
            bool more = block < blocks - 1;
            TVector v8 = TLanes.Broadcast(IV0), v9 = TLanes.Broadcast(IV1);
            TVector v10 = TLanes.Broadcast(IV2), v11 = TLanes.Broadcast(IV3);
            TVector v12 = Unsafe.ReadUnaligned<TVector>(counters);
            TVector v13 = Unsafe.ReadUnaligned<TVector>(counters + TLanes.Count);
            TVector v14 = TLanes.Broadcast(BlockLength), v15 = TLanes.Broadcast(blockFlags);

            for (nuint round = 0; round < Rounds * BlockWords; round += BlockWords)
            {
                ref byte words = ref Unsafe.AddByteOffset(ref schedule, round);
                Mix(ref v0, ref v4, ref v8, ref v12, Word(message, ref words, 0), Word(message, ref words, 1));
                Mix(ref v1, ref v5, ref v9, ref v13, Word(message, ref words, 2), Word(message, ref words, 3));
                Mix(ref v2, ref v6, ref v10, ref v14, Word(message, ref words, 4), Word(message, ref words, 5));
                Mix(ref v3, ref v7, ref v11, ref v15, Word(message, ref words, 6), Word(message, ref words, 7));
                // The next block is transposed meanwhile, a quarter in each of the first rounds: the arithmetic waits
                // for itself, and leaves the shuffles time.
                if (more && round < 4 * BlockWords)
                {
                    TLanes.LoadQuarter(following, strideBytes, round / BlockWords, next);
                }

                Mix(ref v0, ref v5, ref v10, ref v15, Word(message, ref words, 8), Word(message, ref words, 9));
                Mix(ref v1, ref v6, ref v11, ref v12, Word(message, ref words, 10), Word(message, ref words, 11));
                Mix(ref v2, ref v7, ref v8, ref v13, Word(message, ref words, 12), Word(message, ref words, 13));
                Mix(ref v3, ref v4, ref v9, ref v14, Word(message, ref words, 14), Word(message, ref words, 15));
            }

            v0 = TLanes.Xor(v0, v8);
            v1 = TLanes.Xor(v1, v9);
            v2 = TLanes.Xor(v2, v10);
            v3 = TLanes.Xor(v3, v11);
            v4 = TLanes.Xor(v4, v12);
            v5 = TLanes.Xor(v5, v13);
            v6 = TLanes.Xor(v6, v14);
            v7 = TLanes.Xor(v7, v15);
            blockFlags = flags;
            TVector* used = message;
            message = next;
            next = used;
        }

        message[0] = v0;
        message[1] = v1;
        message[2] = v2;
        message[3] = v3;
        message[4] = v4;
        message[5] = v5;
        message[6] = v6;
        message[7] = v7;
        TLanes.StoreChainingValues(message, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Word(TVector* message, ref byte words, nuint index) =>
        message[(nuint)Unsafe.AddByteOffset(ref words, index)];

    /// <summary>The quarter round G of section 2.2, on a column or diagonal of every lane's state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref TVector a, ref TVector b, ref TVector c, ref TVector d, TVector x, TVector y)
    {
        a = TLanes.Add(TLanes.Add(a, x), b);
        d = TLanes.RotateRight16(TLanes.Xor(d, a));
        c = TLanes.Add(c, d);
        b = TLanes.RotateRight12(TLanes.Xor(b, c));
        a = TLanes.Add(TLanes.Add(a, y), b);
        d = TLanes.RotateRight8(TLanes.Xor(d, a));
        c = TLanes.Add(c, d);
        b = TLanes.RotateRight7(TLanes.Xor(b, c));
    }
}
