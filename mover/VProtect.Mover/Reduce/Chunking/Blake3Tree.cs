using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static VProtect.Mover.Reduce.Chunking.Blake3Constants;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>Reduces a run of input bytes to the node over it: chunks first, then one level of parents after another.</summary>
/// <remarks>
/// <code>
/// chunks    0 1 2 3 4 5 6      1. chaining values of all chunks, a vector full at a time
/// level 1    A   B   C  6      2. neighbours become parents, a vector full at a time; an odd one moves up unchanged
/// level 2      D     E            (the same tree as the specification's: every left subtree is full)
/// node            F            3. until two are left, whose parent is the result, not yet compressed
/// </code>
/// Longer input is first halved at the largest power of two, so that the levels fit on the stack.
/// </remarks>
internal static unsafe class Blake3Tree
{
    // 256 chaining values are 8 KiB of stack. Must be a power of two and at least twice the widest vector, or else a
    // batch that is not full would reach beyond the buffer.
    private const int LevelChunks = 256;

    /// <summary>Lanes of the widest vectors the processor has: 16, 8, 4, or 1 for none.</summary>
    public static readonly int WidestLanes =
        Lanes512.IsSupported ? Lanes512.Count
        : Lanes256.IsSupported ? Lanes256.Count
        : Lanes128.IsSupported ? Lanes128.Count
        : 1;

    /// <param name="input">First byte; the start of chunk <paramref name="counter"/>.</param>
    /// <param name="lengthBytes">Any length; only the end of the whole input is not a whole chunk.</param>
    /// <param name="counter">Number of the first chunk.</param>
    /// <param name="key">Eight words.</param>
    /// <param name="flags">Flags of the mode.</param>
    /// <param name="lanes">Widest vectors to use; <see cref="WidestLanes"/> but in tests and benchmarks.</param>
    /// <param name="node">Receives the node over the input: of a chunk up to 1024 bytes, of a parent beyond.</param>
    [SkipLocalsInit]
    public static void Reduce(
        byte* input, int lengthBytes, ulong counter, uint* key, uint flags, int lanes, out Blake3Node node)
    {
        Unsafe.SkipInit(out node);
        if (lengthBytes <= ChunkLength)
        {
            node.SetChunk(input, lengthBytes, counter, key, flags);
        }
        else if (lengthBytes <= LevelChunks * ChunkLength)
        {
            ReduceLevels(input, lengthBytes, counter, key, flags, lanes, ref node);
        }
        else
        {
            int leftLength = (int)(BitOperations.RoundUpToPowerOf2((uint)lengthBytes) / 2);
            byte* children = stackalloc byte[2 * HashLength];
            Reduce(input, leftLength, counter, key, flags, lanes, out node);
            node.ChainingValue(children);
            ulong rightCounter = counter + ((uint)leftLength / ChunkLength);
            Reduce(input + leftLength, lengthBytes - leftLength, rightCounter, key, flags, lanes, out node);
            node.ChainingValue(children + HashLength);
            node.SetParent(children, children + HashLength, key, flags);
        }
    }

    [SkipLocalsInit]
    private static void ReduceLevels(
        byte* input, int lengthBytes, ulong counter, uint* key, uint flags, int lanes, ref Blake3Node node)
    {
        byte* cvs = stackalloc byte[LevelChunks * HashLength];
        int count = lengthBytes / ChunkLength;
        HashChunks(input, count, counter, key, flags, lanes, cvs);
        if (lengthBytes % ChunkLength != 0)
        {
            node.SetChunk(input + (count * ChunkLength), lengthBytes % ChunkLength, counter + (uint)count, key, flags);
            node.ChainingValue(cvs + (count * HashLength));
            count++;
        }

        while (count > 2)
        {
            // Taken out first: a batch that is not full writes beyond its last parent.
            Vector256<byte> last = Vector256.Load(cvs + ((count - 1) * HashLength));
            int parents = count / 2;
            HashParents(cvs, parents, key, flags, lanes);
            if (count % 2 != 0)
            {
                last.Store(cvs + (parents * HashLength));
            }

            count -= parents;
        }

        node.SetParent(cvs, cvs + HashLength, key, flags);
    }

    /// <summary>Chaining values of whole chunks.</summary>
    private static void HashChunks(byte* input, int count, ulong counter, uint* key, uint flags, int lanes, byte* cvs)
    {
        int width = lanes;
        while (width > count)
        {
            width = width > Lanes128.Count ? width / 2 : 1;
        }

        for (int done = 0; done < count; done += width)
        {
            // The last batch overlaps the one before when it would not be full: hashing some chunks twice in one full
            // batch is faster than hashing the rest in narrower ones.
            int first = Math.Min(done, count - width);
            byte* chunk = input + (first * ChunkLength);
            byte* output = cvs + (first * HashLength);
            ulong number = counter + (uint)first;
            const int Blocks = ChunkLength / BlockLength;
            switch (width)
            {
                case 16:
                    Blake3Kernel<Lanes512, Vector512<uint>>.HashMany(
                        chunk, ChunkLength, Blocks, key, number, 1, flags, ChunkStart, ChunkEnd, output);
                    break;
                case 8:
                    Blake3Kernel<Lanes256, Vector256<uint>>.HashMany(
                        chunk, ChunkLength, Blocks, key, number, 1, flags, ChunkStart, ChunkEnd, output);
                    break;
                case 4:
                    Blake3Kernel<Lanes128, Vector128<uint>>.HashMany(
                        chunk, ChunkLength, Blocks, key, number, 1, flags, ChunkStart, ChunkEnd, output);
                    break;
                default:
                    Unsafe.SkipInit(out Blake3Node node);
                    node.SetChunk(chunk, ChunkLength, number, key, flags);
                    node.ChainingValue(output);
                    break;
            }
        }
    }

    /// <summary>
    /// Parents of neighbouring chaining values, in place. The narrowest vector that holds all that are left is taken; lanes
    /// beyond the last parent hash and write what nobody reads.
    /// </summary>
    private static void HashParents(byte* cvs, int count, uint* key, uint flags, int lanes)
    {
        for (int done = 0; done < count;)
        {
            byte* children = cvs + (done * BlockLength);
            byte* output = cvs + (done * HashLength);
            int left = count - done;
            if (lanes >= Lanes512.Count && left > Lanes256.Count)
            {
                Blake3Kernel<Lanes512, Vector512<uint>>.HashMany(
                    children, BlockLength, 1, key, 0, 0, flags | Parent, 0, 0, output);
                done += Lanes512.Count;
            }
            else if (lanes >= Lanes256.Count && left > Lanes128.Count)
            {
                Blake3Kernel<Lanes256, Vector256<uint>>.HashMany(
                    children, BlockLength, 1, key, 0, 0, flags | Parent, 0, 0, output);
                done += Lanes256.Count;
            }
            else if (lanes >= Lanes128.Count && left > 1)
            {
                Blake3Kernel<Lanes128, Vector128<uint>>.HashMany(
                    children, BlockLength, 1, key, 0, 0, flags | Parent, 0, 0, output);
                done += Lanes128.Count;
            }
            else
            {
                Blake3Portable.Compress(key, children, BlockLength, 0, flags | Parent, (uint*)output);
                done++;
            }
        }
    }
}
