using System.Buffers.Binary;
using System.Numerics;
using VProtect.Abstractions;

namespace VProtect.Mover.Seal.Packing;

/// <summary>What a pack holds. Persisted: values only grow.</summary>
internal enum PackKind : byte
{
    Data = 1,
    Nodes = 2,
}

/// <summary>Whether bytes are encrypted. Persisted: values only grow.</summary>
internal enum Sealing : byte
{
    Clear = 0,
    AesGcm = 1,
}

/// <summary>How a chunk's bytes are packed. Persisted: values only grow.</summary>
internal enum ChunkCodec : byte
{
    None = 0,
    Zstd = 1,
}

/// <summary>Sizes and offsets of FORMAT.md section 4, and small helpers that both sides share.</summary>
internal static class PackFormat
{
    public const int HeaderBytes = 64;
    public const int RecordHeaderBytes = 64;
    public const int EntryBytes = 64;
    public const int TrailerBytes = 128;
    public const int StoredHashBytes = 16;
    public const int TagBytes = 16;

    /// <summary>The additional data of a record is its header from here on.</summary>
    public const int RecordAuthenticatedOffset = 16;

    /// <summary>Largest plain chunk.</summary>
    public const int RawBytesMax = 1 << 20;

    /// <summary>Largest payload: a chunk that does not compress, with its tag.</summary>
    public const int PayloadBytesMax = RawBytesMax + TagBytes;

    /// <summary>Offsets in a pack are 32 bits.</summary>
    public const long PackBytesMax = uint.MaxValue;

    public static ReadOnlySpan<byte> HeaderMagic => "VPPACK01"u8;

    public static ReadOnlySpan<byte> TrailerMagic => "VPPACKEN"u8;

    public static ReadOnlySpan<byte> RecordMagic => "VPCK"u8;

    public static string Key(PackId id)
    {
        string hex = id.ToString();
        return $"packs/{hex[..2]}/{hex}";
    }

    /// <summary>The pack a key names; false for keys of other objects.</summary>
    public static bool TryParseKey(ReadOnlySpan<char> key, out PackId id)
    {
        id = default;
        return key.Length == 41 && key.StartsWith("packs/") && key[8] == '/'
            && key.Slice(6, 2).SequenceEqual(key.Slice(9, 2)) && PackId.TryParse(key[9..], out id);
    }

    /// <summary>CRC-32C (Castagnoli), initial and final value all ones.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    /// <summary>The nonce of the record at an offset: 8 bytes of offset, 4 zero bytes.</summary>
    public static void WriteNonce(Span<byte> nonce12, long recordOffsetBytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(nonce12, recordOffsetBytes);
        nonce12[8..12].Clear();
    }
}

/// <summary>The first 64 bytes of a pack.</summary>
internal readonly record struct PackHeader(
    PackKind Kind, Sealing Sealing, uint KeyEpoch, UInt128 RepositoryId, PackId Pack, long Generation)
{
    public void CopyTo(Span<byte> target)
    {
        target = target[..PackFormat.HeaderBytes];
        target.Clear();
        PackFormat.HeaderMagic.CopyTo(target);
        target[8] = (byte)Kind;
        target[9] = (byte)Sealing;
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], KeyEpoch);
        BinaryPrimitives.WriteUInt128BigEndian(target[16..], RepositoryId);
        Pack.CopyTo(target[32..]);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], PackFormat.Crc32C(target[..60]));
    }

    /// <summary>Reads a header; false when magic, checksum or values are not those of a pack this program knows.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out PackHeader header)
    {
        header = default;
        if (source.Length < PackFormat.HeaderBytes
            || !source.StartsWith(PackFormat.HeaderMagic)
            || BinaryPrimitives.ReadUInt32LittleEndian(source[60..]) != PackFormat.Crc32C(source[..60])
            || source[8] is not (1 or 2)
            || source[9] > 1)
        {
            return false;
        }

        header = new PackHeader(
            (PackKind)source[8],
            (Sealing)source[9],
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt128BigEndian(source[16..]),
            PackId.Read(source[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[48..]));
        return true;
    }
}

/// <summary>The 64 bytes before a chunk's payload, and, with the offset in place of the magic, its footer entry.</summary>
internal readonly record struct RecordHeader(UInt128 StoredHash, ChunkCodec Codec, uint RawBytes, uint PayloadBytes, ChunkId Id)
{
    public long RecordBytes => PackFormat.RecordHeaderBytes + (long)PayloadBytes;

    public void CopyTo(Span<byte> target) => Write(target, PackFormat.RecordMagic);

    public void CopyToEntry(Span<byte> target, uint recordOffsetBytes)
    {
        Span<byte> offset = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(offset, recordOffsetBytes);
        Write(target, offset);
    }

    private void Write(Span<byte> target, ReadOnlySpan<byte> magicOrOffset)
    {
        BinaryPrimitives.WriteUInt128BigEndian(target, StoredHash);
        magicOrOffset.CopyTo(target[16..]);
        target[20] = (byte)Codec;
        target[21..24].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target[24..], RawBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[28..], PayloadBytes);
        Id.CopyTo(target[32..]);
    }

    /// <summary>Reads the header of a record; false when it is not one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out RecordHeader header)
    {
        header = default;
        return source.Length >= PackFormat.RecordHeaderBytes
            && source.Slice(16, 4).SequenceEqual(PackFormat.RecordMagic)
            && TryReadFields(source, out header);
    }

    /// <summary>Reads a footer entry; false when its values cannot be.</summary>
    public static bool TryReadEntry(ReadOnlySpan<byte> source, out RecordHeader header, out uint recordOffsetBytes)
    {
        recordOffsetBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[16..]);
        return TryReadFields(source, out header);
    }

    private static bool TryReadFields(ReadOnlySpan<byte> source, out RecordHeader header)
    {
        header = new RecordHeader(
            BinaryPrimitives.ReadUInt128BigEndian(source),
            (ChunkCodec)source[20],
            BinaryPrimitives.ReadUInt32LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
            new ChunkId(source[32..]));
        // The codec that gives fewer bytes is chosen, so no payload is longer than its chunk and a tag: readers size buffers by that.
        return header.RawBytes is > 0 and <= PackFormat.RawBytesMax
            && header.PayloadBytes > 0 && header.PayloadBytes <= header.RawBytes + PackFormat.TagBytes;
    }
}
