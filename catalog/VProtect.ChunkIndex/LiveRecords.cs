using System.Runtime.InteropServices;
using FASTER.core;
using VProtect.Abstractions;
using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

/// <summary>
/// Copies what lives in one store's log into another store. Each chunk's places are numbered anew, so that a place of a removed pack
/// leaves no gap in the walk over the others. Reads the log's file from front to back; holds two megabytes.
/// </summary>
internal sealed class LiveRecords(IndexStore source, IndexStore target, PackTable packs)
{
    // Records handed over at a time; each batch waits for its own reads.
    private const int BatchRecords = 1024;

    private readonly KvSession _session = target.NewSession();
    private readonly byte[] _page = new byte[MemoryPlan.PageBytes];
    private readonly PackEntry[] _entries = new PackEntry[BatchRecords];
    private readonly uint[] _numbers = new uint[BatchRecords];
    private int _count;

    /// <summary>Where the next copy begins: an address in the source's log.</summary>
    public long Address { get; private set; } = IndexStore.LogBegin;

    /// <summary>Copies on, up to <paramref name="end"/>. What other threads add meanwhile lies behind it.</summary>
    /// <exception cref="IOException">The source's file cannot be read.</exception>
    public void CopyUntil(long end, CancellationToken cancellationToken)
    {
        source.FlushUntil(end);
        while (Address < end && !source.Fault.IsRaised && !target.Fault.IsRaised)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> bytes = _page.AsSpan(0, (int)Math.Min(_page.Length - (Address % _page.Length), end - Address));
            source.LogFile.Read(bytes, Address);
            for (int at = 0; at < bytes.Length; at += IndexStore.RecordBytes)
            {
                Take(bytes.Slice(at, IndexStore.RecordBytes));
            }

            Address += bytes.Length;
        }

        HandOver();
    }

    private void Take(ReadOnlySpan<byte> record)
    {
        IndexKey key = MemoryMarshal.Read<IndexKey>(record[8..]);
        IndexValue value = MemoryMarshal.Read<IndexValue>(record[40..]);

        // An adder that lost a race for a place leaves a record that is not valid, and has written another.
        if (MemoryMarshal.Read<RecordInfo>(record).Invalid
            || value.Flags >= FasterChunkIndex.PlacesMax
            || value.Crc != value.ComputeCrc(key, source.Salt)
            || !packs.IsKnown(value.PackNumber))
        {
            return;
        }

        _entries[_count] = new PackEntry(key.ToChunkId((int)value.Flags), value.OffsetBytes, value.StoredBytes, value.RawBytes);
        _numbers[_count] = value.PackNumber;
        if (++_count == BatchRecords)
        {
            HandOver();
        }
    }

    private void HandOver()
    {
        new RecordInserter(target, _session, _entries.AsSpan(0, _count), _numbers.AsSpan(0, _count)).Insert();
        _count = 0;
    }
}
