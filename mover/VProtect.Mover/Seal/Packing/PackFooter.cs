using System.Buffers.Binary;
using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Seal.Packing;

/// <summary>A pack's table of contents: what the footer entries say, checked.</summary>
internal sealed record PackFooter(PackHeader Header, long PackBytes, IReadOnlyList<PackFooterEntry> Entries)
{
    /// <summary>The entries as the chunk index takes them.</summary>
    public PackEntry[] ToIndexEntries()
    {
        var entries = new PackEntry[Entries.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            PackFooterEntry entry = Entries[i];
            entries[i] = new PackEntry(entry.Record.Id, entry.OffsetBytes, entry.Record.PayloadBytes, entry.Record.RawBytes);
        }

        return entries;
    }

    /// <summary>Writes footer entries and trailer for a pack whose records end at <paramref name="footerOffsetBytes"/>.</summary>
    public static byte[] Encode(
        in PackHeader header, ReadOnlySpan<PackFooterEntry> entries, long footerOffsetBytes, ReadOnlySpan<byte> macKey)
    {
        int entriesBytes = entries.Length * PackFormat.EntryBytes;
        byte[] footer = new byte[entriesBytes + PackFormat.TrailerBytes];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Record.CopyToEntry(footer.AsSpan(i * PackFormat.EntryBytes), entries[i].OffsetBytes);
        }

        Span<byte> trailer = footer.AsSpan(entriesBytes);
        PackFormat.TrailerMagic.CopyTo(trailer);
        BinaryPrimitives.WriteInt32LittleEndian(trailer[8..], entries.Length);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[16..], footerOffsetBytes);
        BinaryPrimitives.WriteInt64LittleEndian(trailer[24..], footerOffsetBytes + footer.Length);
        HashContents(header, footer.AsSpan(0, entriesBytes), trailer.Slice(32, 32));
        Blake3.KeyedHash(macKey, trailer[..64], trailer.Slice(64, 32));
        header.Pack.CopyTo(trailer[96..]);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[124..], PackFormat.Crc32C(trailer[..124]));
        return footer;
    }

    /// <summary>Where the footer begins, from a trailer; -1 when it is not a trailer of a pack of this length and id.</summary>
    public static long LocateFooter(ReadOnlySpan<byte> trailer, PackId pack, long packBytes)
    {
        if (trailer.Length != PackFormat.TrailerBytes
            || !trailer.StartsWith(PackFormat.TrailerMagic)
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer[124..]) != PackFormat.Crc32C(trailer[..124])
            || PackId.Read(trailer[96..]) != pack
            || BinaryPrimitives.ReadInt64LittleEndian(trailer[24..]) != packBytes)
        {
            return -1;
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(trailer[8..]);
        long offset = BinaryPrimitives.ReadInt64LittleEndian(trailer[16..]);

        // A record takes more than its footer entry, so a footer is never longer than the records: that bounds what is read for it.
        bool fits = count >= 0 && offset - PackFormat.HeaderBytes >= (long)count * (PackFormat.RecordHeaderBytes + 1)
            && offset + ((long)count * PackFormat.EntryBytes) + PackFormat.TrailerBytes == packBytes;
        return fits ? offset : -1;
    }

    /// <summary>Checks and decodes header, entries and trailer.</summary>
    /// <param name="headerBytes">The first 64 bytes of the pack.</param>
    /// <param name="footer">Entries and trailer, from the footer's offset to the end.</param>
    /// <param name="footerOffsetBytes">From <see cref="LocateFooter"/>.</param>
    /// <param name="macKey">Proves that a holder of the keys wrote it; empty to check for damage alone.</param>
    /// <param name="result">The footer.</param>
    /// <param name="fault">What is wrong with it, when false is returned.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> headerBytes, ReadOnlySpan<byte> footer, long footerOffsetBytes, ReadOnlySpan<byte> macKey,
        out PackFooter? result, out string? fault)
    {
        result = null;
        fault = null;
        ReadOnlySpan<byte> entriesBytes = footer[..^PackFormat.TrailerBytes];
        ReadOnlySpan<byte> trailer = footer[^PackFormat.TrailerBytes..];
        if (!PackHeader.TryRead(headerBytes, out PackHeader header))
        {
            fault = "its header is damaged";
            return false;
        }

        Span<byte> hash = stackalloc byte[32];
        HashContents(header, entriesBytes, hash);
        if (!hash.SequenceEqual(trailer.Slice(32, 32)))
        {
            fault = "its table of contents is damaged";
            return false;
        }

        if (!macKey.IsEmpty && !IsTrailerOurs(trailer, macKey))
        {
            fault = "its table of contents was not written with this repository's key";
            return false;
        }

        var entries = new PackFooterEntry[entriesBytes.Length / PackFormat.EntryBytes];
        long expectedOffset = PackFormat.HeaderBytes;
        for (int i = 0; i < entries.Length; i++)
        {
            ReadOnlySpan<byte> entry = entriesBytes.Slice(i * PackFormat.EntryBytes, PackFormat.EntryBytes);
            if (!RecordHeader.TryReadEntry(entry, out RecordHeader record, out uint offset) || offset != expectedOffset)
            {
                fault = $"line {i} of its table of contents cannot be";
                return false;
            }

            entries[i] = new PackFooterEntry(offset, record);
            expectedOffset += record.RecordBytes;
        }

        if (expectedOffset != footerOffsetBytes)
        {
            fault = "its table of contents does not cover its records";
            return false;
        }

        result = new PackFooter(header, footerOffsetBytes + footer.Length, entries);
        return true;
    }

    /// <summary>Whether a holder of the keys wrote a trailer.</summary>
    public static bool IsTrailerOurs(ReadOnlySpan<byte> trailer, ReadOnlySpan<byte> macKey)
    {
        Span<byte> mac = stackalloc byte[32];
        Blake3.KeyedHash(macKey, trailer[..64], mac);
        return CryptographicOperations.FixedTimeEquals(mac, trailer.Slice(64, 32));
    }

    private static void HashContents(in PackHeader header, ReadOnlySpan<byte> entries, Span<byte> hash)
    {
        Span<byte> headerBytes = stackalloc byte[PackFormat.HeaderBytes];
        header.CopyTo(headerBytes);
        var hasher = new Blake3Hasher();
        hasher.Update(headerBytes);
        hasher.Update(entries);
        hasher.Finish(hash);
    }
}

/// <summary>A record of a pack and where it begins.</summary>
internal readonly record struct PackFooterEntry(uint OffsetBytes, RecordHeader Record);
