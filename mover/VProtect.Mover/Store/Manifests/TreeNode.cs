using System.Buffers.Binary;
using System.Numerics;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Manifests;

/// <summary>The shape of a disk's tree and the bytes of a node (FORMAT.md section 5).</summary>
internal static class TreeNode
{
    public const int SlotBits = 8;
    public const int Slots = 1 << SlotBits;
    public const int LevelMax = 7;
    public const int HeaderBytes = 48;
    public const int BytesMax = HeaderBytes + (Slots * ChunkId.LengthBytes);
    private const int BitmapOffset = 16;

    private static ReadOnlySpan<byte> Magic => "VPTN"u8;

    /// <summary>Level of the root of a disk with this many chunks.</summary>
    public static int RootLevel(long chunkCount)
    {
        int level = 0;
        while (level < LevelMax && chunkCount > SpanChunks(level))
        {
            level++;
        }

        return level;
    }

    /// <summary>Chunks under one node of a level.</summary>
    public static long SpanChunks(int level) => 1L << (SlotBits * (level + 1));

    /// <summary>Chunks under one slot of a node of a level.</summary>
    public static long SlotChunks(int level) => 1L << (SlotBits * level);

    /// <summary>Encodes a node; 0 when all its slots are zero and nothing is to be stored.</summary>
    /// <returns>Bytes written to <paramref name="target"/>.</returns>
    public static int Encode(int level, ReadOnlySpan<ChunkId> slots, Span<byte> target)
    {
        target[..HeaderBytes].Clear();
        Magic.CopyTo(target);
        target[4] = (byte)level;
        int count = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            if (!slots[slot].IsZero)
            {
                slots[slot].CopyTo(target[(HeaderBytes + (count * ChunkId.LengthBytes))..]);
                target[BitmapOffset + (slot >> 3)] |= (byte)(1 << (slot & 7));
                count++;
            }
        }

        BinaryPrimitives.WriteInt32LittleEndian(target[8..], count);
        return count == 0 ? 0 : HeaderBytes + (count * ChunkId.LengthBytes);
    }

    /// <summary>Decodes a node of a known level into 256 slots; false when the bytes cannot be that.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> node, int level, Span<ChunkId> slots)
    {
        if (node.Length < HeaderBytes || !node.StartsWith(Magic) || node[4] != level)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(node[8..]);
        ReadOnlySpan<byte> bitmap = node.Slice(BitmapOffset, Slots / 8);
        int present = 0;
        foreach (byte b in bitmap)
        {
            present += BitOperations.PopCount(b);
        }

        if (count != present || node.Length != HeaderBytes + (count * ChunkId.LengthBytes))
        {
            return false;
        }

        int read = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            bool isPresent = (bitmap[slot >> 3] & (1 << (slot & 7))) != 0;
            slots[slot] = isPresent ? new ChunkId(node[(HeaderBytes + (read++ * ChunkId.LengthBytes))..]) : ChunkId.Zero;
        }

        return true;
    }
}
