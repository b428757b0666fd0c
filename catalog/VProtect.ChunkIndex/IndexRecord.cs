using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FASTER.core;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

/// <summary>
/// What FASTER hashes: the 32 bytes of a chunk id, the last word changed by the number of the variant. Variants give the
/// second and further places of one chunk keys of their own, so that a place is never overwritten by another.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8, Size = 32)]
internal struct IndexKey
{
    // Odd, so that every variant below 2^64 differs; the golden ratio, so that variants spread over buckets.
    private const ulong VariantStep = 0x9E37_79B9_7F4A_7C15;

    public ulong Word0;
    public ulong Word1;
    public ulong Word2;
    public ulong Word3;

    public static IndexKey Of(in ChunkId id, int variant)
    {
        IndexKey key = Unsafe.BitCast<ChunkId, IndexKey>(id);
        key.Word3 ^= (uint)variant * VariantStep;
        return key;
    }

    /// <summary>The chunk id that this key was made of.</summary>
    public readonly ChunkId ToChunkId(int variant)
    {
        IndexKey key = this;
        key.Word3 ^= (uint)variant * VariantStep;
        return Unsafe.BitCast<IndexKey, ChunkId>(key);
    }
}

/// <summary>Where one copy of a chunk lies. Never changed once written; see SCHEMA.md.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4, Size = 24)]
internal struct IndexValue
{
    public uint PackNumber;
    public uint OffsetBytes;
    public uint StoredBytes;
    public uint RawBytes;

    /// <summary>Bits 0-7: variant of the key. The others are zero.</summary>
    public uint Flags;

    /// <summary>CRC-32C over the salt of the index, the key and the words above.</summary>
    public uint Crc;

    public readonly uint ComputeCrc(in IndexKey key, uint salt)
    {
        uint crc = BitOperations.Crc32C(salt, key.Word0);
        crc = BitOperations.Crc32C(crc, key.Word1);
        crc = BitOperations.Crc32C(crc, key.Word2);
        crc = BitOperations.Crc32C(crc, key.Word3);
        crc = BitOperations.Crc32C(crc, PackNumber | ((ulong)OffsetBytes << 32));
        crc = BitOperations.Crc32C(crc, StoredBytes | ((ulong)RawBytes << 32));
        return BitOperations.Crc32C(crc, Flags);
    }
}

/// <summary>Ids are keyed hashes and spread by themselves; the last word takes part so that variants part ways.</summary>
internal sealed class IndexKeyComparer : IFasterEqualityComparer<IndexKey>
{
    public static ulong HashOf(in IndexKey key) => key.Word0 ^ key.Word3;

    public long GetHashCode64(ref IndexKey key) => (long)HashOf(key);

    public bool Equals(ref IndexKey left, ref IndexKey right) =>
        left.Word0 == right.Word0 && left.Word1 == right.Word1 && left.Word2 == right.Word2 && left.Word3 == right.Word3;
}
