using System.Buffers.Binary;
using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.View.Overlay;

/// <summary>The bytes of an overlay file (OVERLAY.md).</summary>
internal static class OverlayFormat
{
    public const int PageBytes = 4096;
    public const uint FirstFreePage = 2;
    public const int EntriesPerPage = 252;
    public const int EntryBytes = 16;
    public const int EntriesOffset = 56;
    public const int NameBytesMax = 1024;
    public const ushort Data = 1;
    public const ushort Zeros = 2;
    public const uint LastPage = 1;
    public const uint Checkpoint = 2;
    private const int CrcOffset = PageBytes - sizeof(uint);

    public static ReadOnlySpan<byte> HeaderMagic => "VPOVERL1"u8;

    public static ReadOnlySpan<byte> JournalMagic => "VPOVJRN1"u8;

    public static void Seal(Span<byte> page) =>
        BinaryPrimitives.WriteUInt32LittleEndian(page[CrcOffset..], PackFormat.Crc32C(page[..CrcOffset]));

    public static bool IsWhole(ReadOnlySpan<byte> page, ReadOnlySpan<byte> magic) =>
        page.StartsWith(magic) && BinaryPrimitives.ReadUInt32LittleEndian(page[CrcOffset..]) == PackFormat.Crc32C(page[..CrcOffset]);

    public static void WriteEntry(Span<byte> page, int index, in OverlayEntry entry) => WriteEntry(page.Slice(EntriesOffset + (index * EntryBytes), EntryBytes), entry);

    public static OverlayEntry ReadEntry(ReadOnlySpan<byte> page, int index) => ReadEntry(page.Slice(EntriesOffset + (index * EntryBytes), EntryBytes));

    public static void WriteEntry(Span<byte> target, in OverlayEntry entry)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, (ulong)entry.Block | ((ulong)entry.Kind << 48));
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], entry.Page);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], entry.Value);
    }

    public static OverlayEntry ReadEntry(ReadOnlySpan<byte> source)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(source);
        return new OverlayEntry(
            (long)(first & 0xFFFF_FFFF_FFFF), (ushort)(first >> 48), BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));
    }
}

/// <summary>A line of the journal.</summary>
internal readonly record struct OverlayEntry(long Block, ushort Kind, uint Page, uint Value);

/// <summary>The head of a journal page.</summary>
internal readonly record struct JournalHead(UInt128 Overlay, long Sequence, uint Index, uint EntryCount, uint NextPage, uint Flags, ulong Nonce)
{
    public bool IsLast => (Flags & OverlayFormat.LastPage) != 0;

    public bool IsCheckpoint => (Flags & OverlayFormat.Checkpoint) != 0;

    public void Write(Span<byte> page)
    {
        OverlayFormat.JournalMagic.CopyTo(page);
        BinaryPrimitives.WriteUInt128LittleEndian(page[8..], Overlay);
        BinaryPrimitives.WriteInt64LittleEndian(page[24..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(page[32..], Index);
        BinaryPrimitives.WriteUInt32LittleEndian(page[36..], EntryCount);
        BinaryPrimitives.WriteUInt32LittleEndian(page[40..], NextPage);
        BinaryPrimitives.WriteUInt32LittleEndian(page[44..], Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(page[48..], Nonce);
    }

    public static bool TryRead(ReadOnlySpan<byte> page, out JournalHead head)
    {
        head = new JournalHead(
            BinaryPrimitives.ReadUInt128LittleEndian(page[8..]), BinaryPrimitives.ReadInt64LittleEndian(page[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(page[32..]), BinaryPrimitives.ReadUInt32LittleEndian(page[36..]),
            BinaryPrimitives.ReadUInt32LittleEndian(page[40..]), BinaryPrimitives.ReadUInt32LittleEndian(page[44..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[48..]));
        return OverlayFormat.IsWhole(page, OverlayFormat.JournalMagic) && head.EntryCount <= OverlayFormat.EntriesPerPage;
    }
}

/// <summary>What an overlay lies over.</summary>
/// <param name="Repository">Id of the repository.</param>
/// <param name="Point">Id of the restore point.</param>
/// <param name="DiskName">The disk.</param>
/// <param name="Root">Root of its tree.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record OverlayBase(string Repository, string Point, string DiskName, ChunkId Root, long SizeBytes);

/// <summary>The header of an overlay file.</summary>
internal sealed record OverlayHeader(UInt128 Overlay, long Generation, OverlayBase Base, uint JournalPage, long Sequence)
{
    public byte[] Encode()
    {
        byte[] page = new byte[OverlayFormat.PageBytes];
        OverlayFormat.HeaderMagic.CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(12), OverlayFormat.PageBytes);
        BinaryPrimitives.WriteUInt128LittleEndian(page.AsSpan(16), Overlay);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(32), Generation);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(40), Base.SizeBytes);
        Encoding.ASCII.GetBytes(Base.Repository, page.AsSpan(48, 32));
        Encoding.ASCII.GetBytes(Base.Point, page.AsSpan(80, 32));
        Base.Root.CopyTo(page.AsSpan(112));
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(144), JournalPage);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(152), Sequence);
        int length = Encoding.UTF8.GetBytes(Base.DiskName, page.AsSpan(162, OverlayFormat.NameBytesMax));
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(160), (ushort)length);
        OverlayFormat.Seal(page);
        return page;
    }

    /// <summary>Null when the page is no whole header.</summary>
    /// <exception cref="VProtectException">It is of a version we do not know.</exception>
    public static OverlayHeader? TryDecode(ReadOnlySpan<byte> page)
    {
        if (!OverlayFormat.IsWhole(page, OverlayFormat.HeaderMagic))
        {
            return null;
        }

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(page[160..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(page[8..]) != 1 || BinaryPrimitives.ReadUInt32LittleEndian(page[12..]) != OverlayFormat.PageBytes
            || nameLength > OverlayFormat.NameBytesMax)
        {
            throw new VProtectException(
                ErrorCode.OverlayInvalid, ErrorSide.Request, "The overlay was written by another version of this program.", "Mount it with that version.");
        }

        return new OverlayHeader(
            BinaryPrimitives.ReadUInt128LittleEndian(page[16..]), BinaryPrimitives.ReadInt64LittleEndian(page[32..]),
            new OverlayBase(
                Encoding.ASCII.GetString(page.Slice(48, 32)), Encoding.ASCII.GetString(page.Slice(80, 32)), Encoding.UTF8.GetString(page.Slice(162, nameLength)),
                new ChunkId(page.Slice(112, ChunkId.LengthBytes)), BinaryPrimitives.ReadInt64LittleEndian(page[40..])),
            BinaryPrimitives.ReadUInt32LittleEndian(page[144..]), BinaryPrimitives.ReadInt64LittleEndian(page[152..]));
    }
}
