using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// One page of the table of counts, 4 KiB (SCHEMA.md, <i>Ledger</i>): fingerprints, then their counts, then how many there are, then
/// how many entries at home here or before lie in later pages because this one was full.
/// </summary>
internal static class CountPage
{
    public const int LengthBytes = 4096;

    /// <summary>Entries that fit.</summary>
    public const int Slots = 341;

    private const int CountsOffset = Slots * sizeof(ulong);
    private const int UsedOffset = CountsOffset + (Slots * sizeof(uint));
    private const int PassedOffset = UsedOffset + sizeof(ushort);

    /// <summary>From here on <see cref="Passed"/> is not exact and stays: looking a little farther than needed harms nothing.</summary>
    private const ushort PassedMax = ushort.MaxValue;

    public static int Used(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt16LittleEndian(page[UsedOffset..]);

    /// <summary>Entries that would lie here or before, were it not full. 0: what is not here is in no later page.</summary>
    public static int Passed(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt16LittleEndian(page[PassedOffset..]);

    /// <summary>Slot of a fingerprint, or -1.</summary>
    public static int IndexOf(ReadOnlySpan<byte> page, ulong fingerprint) => Fingerprints(page)[..Used(page)].IndexOf(fingerprint);

    public static ulong Fingerprint(ReadOnlySpan<byte> page, int slot) => Fingerprints(page)[slot];

    public static uint Count(ReadOnlySpan<byte> page, int slot) =>
        BinaryPrimitives.ReadUInt32LittleEndian(page[(CountsOffset + (slot * sizeof(uint)))..]);

    public static void SetCount(Span<byte> page, int slot, uint count) =>
        BinaryPrimitives.WriteUInt32LittleEndian(page[(CountsOffset + (slot * sizeof(uint)))..], count);

    /// <summary>Puts in an entry that is not there; there must be room.</summary>
    public static void Append(Span<byte> page, ulong fingerprint, uint count)
    {
        int slot = Used(page);
        BinaryPrimitives.WriteUInt64LittleEndian(page[(slot * sizeof(ulong))..], fingerprint);
        SetCount(page, slot, count);
        BinaryPrimitives.WriteUInt16LittleEndian(page[UsedOffset..], (ushort)(slot + 1));
    }

    /// <summary>Takes an entry out; the last one moves to its slot.</summary>
    public static void RemoveAt(Span<byte> page, int slot)
    {
        int last = Used(page) - 1;
        BinaryPrimitives.WriteUInt64LittleEndian(page[(slot * sizeof(ulong))..], Fingerprint(page, last));
        SetCount(page, slot, Count(page, last));
        BinaryPrimitives.WriteUInt16LittleEndian(page[UsedOffset..], (ushort)last);
    }

    /// <summary>An entry went past this page, or one that had is gone.</summary>
    public static void Pass(Span<byte> page, int change)
    {
        int passed = Passed(page);
        if (passed != PassedMax)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(page[PassedOffset..], (ushort)(passed + change));
        }
    }

    /// <summary>Whether the numbers in it can be; a checksum vouches for the rest.</summary>
    public static bool IsSound(ReadOnlySpan<byte> page) => Used(page) <= Slots;

    // As the processors this runs on have them: little-endian, and any alignment.
    private static ReadOnlySpan<ulong> Fingerprints(ReadOnlySpan<byte> page) =>
        MemoryMarshal.Cast<byte, ulong>(page[..CountsOffset]);
}
