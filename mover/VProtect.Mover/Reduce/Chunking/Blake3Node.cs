using System.Runtime.CompilerServices;
using static VProtect.Mover.Reduce.Chunking.Blake3Constants;

namespace VProtect.Mover.Reduce.Chunking;

/// <summary>
/// The last, not yet compressed block of a chunk or parent. Whether it is the root, and so compressed with another flag,
/// is known only when the input has ended.
/// </summary>
internal unsafe struct Blake3Node
{
    private fixed uint _cv[CvWords];
    private fixed byte _block[BlockLength];
    private ulong _counter;
    private uint _blockLength;
    private uint _flags;

    /// <summary>Makes this the node of a chunk, whose blocks but the last are compressed here.</summary>
    /// <param name="input">The chunk.</param>
    /// <param name="lengthBytes">0 to 1024; less than 1024 in the last chunk only.</param>
    /// <param name="counter">Number of the chunk.</param>
    /// <param name="key">Eight words.</param>
    /// <param name="flags">Flags of the mode.</param>
    public void SetChunk(byte* input, int lengthBytes, ulong counter, uint* key, uint flags)
    {
        fixed (uint* cv = _cv)
        fixed (byte* block = _block)
        {
            new ReadOnlySpan<uint>(key, CvWords).CopyTo(new Span<uint>(cv, CvWords));
            uint startFlag = ChunkStart;
            while (lengthBytes > BlockLength)
            {
                Blake3Portable.Compress(cv, input, BlockLength, counter, flags | startFlag, cv);
                startFlag = 0;
                input += BlockLength;
                lengthBytes -= BlockLength;
            }

            new ReadOnlySpan<byte>(input, lengthBytes).CopyTo(new Span<byte>(block, BlockLength));
            new Span<byte>(block, BlockLength)[lengthBytes..].Clear();
            _counter = counter;
            _blockLength = (uint)lengthBytes;
            _flags = flags | startFlag | ChunkEnd;
        }
    }

    /// <summary>Makes this the parent of two nodes.</summary>
    /// <param name="left">Chaining value of the left child, 32 bytes.</param>
    /// <param name="right">Chaining value of the right child, 32 bytes.</param>
    /// <param name="key">Eight words.</param>
    /// <param name="flags">Flags of the mode.</param>
    public void SetParent(byte* left, byte* right, uint* key, uint flags)
    {
        fixed (uint* cv = _cv)
        fixed (byte* block = _block)
        {
            new ReadOnlySpan<uint>(key, CvWords).CopyTo(new Span<uint>(cv, CvWords));
            new ReadOnlySpan<byte>(left, HashLength).CopyTo(new Span<byte>(block, HashLength));
            new ReadOnlySpan<byte>(right, HashLength).CopyTo(new Span<byte>(block + HashLength, HashLength));
            _counter = 0;
            _blockLength = BlockLength;
            _flags = flags | Parent;
        }
    }

    /// <summary>Chaining values of a parent's children, 64 bytes: what a caller keeps who must not compress it yet.</summary>
    public readonly void CopyChildren(Span<byte> output)
    {
        fixed (byte* block = _block)
        {
            new ReadOnlySpan<byte>(block, BlockLength).CopyTo(output);
        }
    }

    /// <summary>Compresses the node as an inner one.</summary>
    /// <param name="output">Receives 32 bytes.</param>
    public readonly void ChainingValue(byte* output)
    {
        fixed (uint* cv = _cv)
        fixed (byte* block = _block)
        {
            Blake3Portable.Compress(cv, block, _blockLength, _counter, _flags, (uint*)output);
        }
    }

    /// <summary>Compresses the node as the root, to any number of bytes.</summary>
    [SkipLocalsInit]
    public readonly void Root(Span<byte> output)
    {
        uint* words = stackalloc uint[BlockWords];
        fixed (uint* cv = _cv)
        fixed (byte* block = _block)
        {
            for (ulong counter = 0; !output.IsEmpty; counter++)
            {
                int length = Math.Min(output.Length, BlockLength);
                bool extended = length > HashLength;
                Blake3Portable.Compress(cv, block, _blockLength, counter, _flags | Blake3Constants.Root, words, extended);
                new ReadOnlySpan<byte>(words, length).CopyTo(output);
                output = output[length..];
            }
        }
    }
}
