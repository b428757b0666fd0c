using System.Buffers.Binary;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

/// <summary>
/// What makes a checkpoint: one small file, written last, that names everything else and how to tell that it is
/// whole. Bytes in SCHEMA.md; golden test in CheckpointRecordTests.
/// </summary>
internal sealed record CheckpointRecord
{
    public const uint Version = 2;

    private const ulong Magic = 0x3143_4558_4449_5056; // "VPIDXEC1"
    private const int FixedBytes = 104;
    private const int PackRowBytes = 24;

    /// <summary>Seed of every record's checksum: drawn when the index begins empty.</summary>
    public required uint Salt { get; init; }

    /// <summary>Names the log's file.</summary>
    public required ulong LogNumber { get; init; }

    /// <summary>Names the hash table's file and FASTER's index checkpoint.</summary>
    public required Guid TableToken { get; init; }

    /// <summary>Names FASTER's log checkpoint.</summary>
    public required Guid LogToken { get; init; }

    /// <summary>Length that the log has at least; what lies behind is not part of the checkpoint.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Length of the hash table's file.</summary>
    public required long TableBytes { get; init; }

    /// <summary>CRC-32C of the hash table's file.</summary>
    public required uint TableCrc { get; init; }

    /// <summary>The log's length when the hash table was written: recovery reads the log from here.</summary>
    public required long TableLogBytes { get; init; }

    /// <summary>Greater than every pack number in the log.</summary>
    public required uint NextPackNumber { get; init; }

    /// <summary>What FASTER wants to be given back about the hash table.</summary>
    public required byte[] TableMetadata { get; init; }

    /// <summary>What FASTER wants to be given back about the log.</summary>
    public required byte[] LogMetadata { get; init; }

    /// <summary>Live packs.</summary>
    public required IReadOnlyList<PackRow> Packs { get; init; }

    public byte[] Encode()
    {
        int length = FixedBytes + TableMetadata.Length + LogMetadata.Length + (Packs.Count * PackRowBytes) + sizeof(uint);
        byte[] bytes = new byte[length];
        Span<byte> span = bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(span, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(span[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(span[12..], (uint)length);
        TableToken.TryWriteBytes(span[16..]);
        LogToken.TryWriteBytes(span[32..]);
        BinaryPrimitives.WriteInt64LittleEndian(span[48..], LogBytes);
        BinaryPrimitives.WriteInt64LittleEndian(span[56..], TableBytes);
        BinaryPrimitives.WriteInt64LittleEndian(span[64..], TableLogBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(span[72..], TableCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(span[76..], Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(span[80..], NextPackNumber);
        BinaryPrimitives.WriteInt32LittleEndian(span[84..], TableMetadata.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[88..], LogMetadata.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[92..], Packs.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(span[96..], LogNumber);
        span = span[FixedBytes..];
        TableMetadata.CopyTo(span);
        span = span[TableMetadata.Length..];
        LogMetadata.CopyTo(span);
        span = span[LogMetadata.Length..];
        foreach (PackRow row in Packs)
        {
            row.Pack.CopyTo(span);
            BinaryPrimitives.WriteUInt32LittleEndian(span[16..], row.Number);
            BinaryPrimitives.WriteUInt32LittleEndian(span[20..], row.Entries);
            span = span[PackRowBytes..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(span, Checksum.Of(bytes.AsSpan(0, length - sizeof(uint))));
        return bytes;
    }

    /// <summary>Null when the bytes are not, in every respect, what <see cref="Encode"/> writes.</summary>
    public static CheckpointRecord? TryDecode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedBytes + sizeof(uint)
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != (uint)bytes.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Checksum.Of(bytes[..^4]))
        {
            return null;
        }

        int tableMetadata = BinaryPrimitives.ReadInt32LittleEndian(bytes[84..]);
        int logMetadata = BinaryPrimitives.ReadInt32LittleEndian(bytes[88..]);
        int packs = BinaryPrimitives.ReadInt32LittleEndian(bytes[92..]);
        if (tableMetadata < 0 || logMetadata < 0 || packs < 0
            || FixedBytes + (long)tableMetadata + logMetadata + ((long)packs * PackRowBytes) + sizeof(uint) != bytes.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = bytes[FixedBytes..];
        var rows = new PackRow[packs];
        for (int i = 0; i < packs; i++)
        {
            ReadOnlySpan<byte> row = rest[(tableMetadata + logMetadata + (i * PackRowBytes))..];
            rows[i] = new PackRow(
                PackId.Read(row), BinaryPrimitives.ReadUInt32LittleEndian(row[16..]), BinaryPrimitives.ReadUInt32LittleEndian(row[20..]));
        }

        return new CheckpointRecord
        {
            TableToken = new Guid(bytes.Slice(16, 16)),
            LogToken = new Guid(bytes.Slice(32, 16)),
            LogBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
            TableBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]),
            TableLogBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]),
            TableCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]),
            Salt = BinaryPrimitives.ReadUInt32LittleEndian(bytes[76..]),
            LogNumber = BinaryPrimitives.ReadUInt64LittleEndian(bytes[96..]),
            NextPackNumber = BinaryPrimitives.ReadUInt32LittleEndian(bytes[80..]),
            TableMetadata = rest[..tableMetadata].ToArray(),
            LogMetadata = rest.Slice(tableMetadata, logMetadata).ToArray(),
            Packs = rows,
        };
    }
}
