using System.Numerics;
using System.Runtime.CompilerServices;
using static VProtect.Mover.Reduce.Chunking.Blake3Constants;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>
/// BLAKE3 of input that comes in pieces. The result does not depend on how it was cut; it is as fast as
/// <see cref="Blake3"/> when pieces are large.
/// </summary>
/// <remarks>
/// Not thread-safe. About 3 KiB, allocated once; <see cref="Reset"/> makes it serve again. Kept are the chaining values of
/// the complete subtrees to the left, one per set bit of the number of chunks, and the last chunk, because whether a node is the
/// root is known only at the end.
/// </remarks>
public sealed unsafe class Blake3Hasher
{
    // Enough for 2^64 bytes: 54 levels of parents, and one value pushed before it is merged.
    private const int StackDepthMax = 55;

    private readonly byte[] _stack = new byte[StackDepthMax * HashLength];
    private readonly byte[] _chunk = new byte[ChunkLength];
    private readonly uint[] _key = new uint[CvWords];
    private readonly uint _flags;
    private readonly int _lanes;
    private int _stackDepth;
    private int _chunkLength;
    private ulong _chunksDone;

    /// <summary>Makes a hasher of the plain hash.</summary>
    public Blake3Hasher()
        : this(Blake3Tree.WidestLanes)
    {
    }

    /// <summary>Makes a hasher of the keyed hash.</summary>
    /// <param name="key">32 bytes, copied.</param>
    /// <exception cref="ArgumentException">The key is not 32 bytes long.</exception>
    public Blake3Hasher(ReadOnlySpan<byte> key)
    {
        Blake3.ReadKey(key, _key);
        _flags = KeyedHash;
        _lanes = Blake3Tree.WidestLanes;
    }

    internal Blake3Hasher(int lanes)
    {
        IV.CopyTo(_key);
        _lanes = lanes;
    }

    /// <summary>Forgets the input, not the key.</summary>
    public void Reset()
    {
        _stackDepth = 0;
        _chunkLength = 0;
        _chunksDone = 0;
    }

    /// <summary>Appends input.</summary>
    /// <param name="input">Any length; copied or consumed before the call returns.</param>
    public void Update(ReadOnlySpan<byte> input)
    {
        fixed (uint* key = _key)
        {
            // 1. Complete the chunk begun before, and let it go if anything follows.
            if (_chunkLength > 0)
            {
                int taken = Math.Min(ChunkLength - _chunkLength, input.Length);
                input[..taken].CopyTo(_chunk.AsSpan(_chunkLength));
                _chunkLength += taken;
                input = input[taken..];
                if (input.IsEmpty)
                {
                    return;
                }

                fixed (byte* chunk = _chunk)
                {
                    PushSubtree(chunk, ChunkLength, key);
                }

                _chunkLength = 0;
            }

            // 2. Take the largest subtree that is full and aligned, until one chunk or less is left.
            fixed (byte* start = input)
            {
                byte* position = start;
                int left = input.Length;
                while (left > ChunkLength)
                {
                    int length = SubtreeLength(left);
                    PushSubtree(position, length, key);
                    position += length;
                    left -= length;
                }

                input = input[^left..];
            }

            // 3. Keep the rest.
            if (!input.IsEmpty)
            {
                input.CopyTo(_chunk);
                _chunkLength = input.Length;
                Merge(key);
            }
        }
    }

    /// <summary>
    /// The hash of all input so far. Changes nothing: more input may follow, and asking again gives the same.
    /// </summary>
    /// <param name="output">Filled with the hash: 32 bytes, a prefix of it, or its extension.</param>
    [SkipLocalsInit]
    public void Finish(Span<byte> output)
    {
        fixed (uint* key = _key)
        fixed (byte* stack = _stack, chunk = _chunk)
        {
            Unsafe.SkipInit(out Blake3Node node);
            int depth = _stackDepth;
            if (depth == 0 || _chunkLength > 0)
            {
                node.SetChunk(chunk, _chunkLength, _chunksDone, key, _flags);
            }
            else
            {
                // Input ended with a subtree, which left two values or more.
                depth -= 2;
                node.SetParent(stack + (depth * HashLength), stack + ((depth + 1) * HashLength), key, _flags);
            }

            byte* right = stackalloc byte[HashLength];
            while (depth > 0)
            {
                depth--;
                node.ChainingValue(right);
                node.SetParent(stack + (depth * HashLength), right, key, _flags);
            }

            node.Root(output);
        }
    }

    /// <summary>Length of the largest full subtree that may begin at the current chunk and fits in what is left.</summary>
    private int SubtreeLength(int leftBytes)
    {
        int fits = 1 << BitOperations.Log2((uint)leftBytes);
        int aligned = Math.Min(BitOperations.TrailingZeroCount(_chunksDone), 20);
        return Math.Min(fits, ChunkLength << aligned);
    }

    private void PushSubtree(byte* input, int lengthBytes, uint* key)
    {
        Merge(key);
        Blake3Tree.Reduce(input, lengthBytes, _chunksDone, key, _flags, _lanes, out Blake3Node node);
        Span<byte> top = _stack.AsSpan(_stackDepth * HashLength);
        if (lengthBytes == ChunkLength)
        {
            fixed (byte* cv = top)
            {
                node.ChainingValue(cv);
            }

            _stackDepth++;
        }
        else
        {
            // Both halves, since their parent may turn out to be the root.
            node.CopyChildren(top);
            _stackDepth += 2;
        }

        _chunksDone += (uint)lengthBytes / ChunkLength;
    }

    /// <summary>
    /// Merges neighbours until one value per complete subtree is left. Only called when more input is certain, so that no
    /// parent merged here is the root.
    /// </summary>
    private void Merge(uint* key)
    {
        int subtrees = BitOperations.PopCount(_chunksDone);
        fixed (byte* stack = _stack)
        {
            for (; _stackDepth > subtrees; _stackDepth--)
            {
                byte* left = stack + ((_stackDepth - 2) * HashLength);
                Unsafe.SkipInit(out Blake3Node node);
                node.SetParent(left, left + HashLength, key, _flags);
                node.ChainingValue(left);
            }
        }
    }
}
