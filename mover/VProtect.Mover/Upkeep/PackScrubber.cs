using System.Buffers;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Reads one pack from front to back and checks every record: stored hash, seal, decompression, id. What does not fit is read
/// once more before it is called damaged. Used by one task at a time. Memory: 6 MiB.
/// </summary>
internal sealed class PackScrubber(ChunkStore chunks, RestoreCounters counters)
{
    private const int ReadBytes = 4 << 20;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(ReadBytes, pinned: true);
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(PackFormat.PayloadBytesMax, pinned: true);
    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(PackFormat.RawBytesMax, pinned: true);

    /// <summary>Checks a pack.</summary>
    /// <returns>Its records that are damaged.</returns>
    /// <exception cref="IntegrityException">Header or table of contents is damaged: nothing in it can be used.</exception>
    /// <exception cref="VProtectException">The store failed: nothing is known of the pack.</exception>
    public async Task<IReadOnlyList<DamagedChunk>> CheckAsync(PackId pack, long packBytes, CancellationToken cancellationToken)
    {
        PackFooter? footer = await chunks.Repository.Packs.ReadFooterAsync(pack, packBytes, cancellationToken);
        if (footer is null)
        {
            // Removed since it was listed: a collector is at work.
            return [];
        }

        using var cipher = new PackCipher(chunks.Repository.Keys, footer.Header);
        var damaged = new List<DamagedChunk>();
        int entry = 0;
        while (entry < footer.Entries.Count)
        {
            // As many whole records as fit.
            int first = entry;
            long offset = footer.Entries[first].OffsetBytes;
            long end = offset;
            while (entry < footer.Entries.Count && footer.Entries[entry].OffsetBytes + footer.Entries[entry].Record.RecordBytes - offset <= ReadBytes)
            {
                end = footer.Entries[entry].OffsetBytes + footer.Entries[entry].Record.RecordBytes;
                entry++;
            }

            int read = await chunks.Repository.Store.ReadAsync(
                PackFormat.Key(pack), offset, _buffer.AsMemory(0, (int)(end - offset)), cancellationToken);
            if (read < 0)
            {
                // Removed by a collector in the meantime: that is no damage.
                return [];
            }

            for (int i = first; i < entry; i++)
            {
                PackFooterEntry line = footer.Entries[i];
                int start = (int)(line.OffsetBytes - offset);
                int length = (int)line.Record.RecordBytes;
                ReadOnlyMemory<byte> record = start + length <= read ? _buffer.AsMemory(start, length) : default;
                if (Check(cipher, footer.Header, line, record.Span) is not null
                    && await CheckAgainAsync(cipher, footer.Header, line, cancellationToken) is { } fault)
                {
                    damaged.Add(new DamagedChunk(line.Record.Id, pack, line.OffsetBytes, fault));
                }
            }

            counters.AddFetched(read);
            counters.AddPlain(read);
        }

        return damaged;
    }

    private string? Check(PackCipher cipher, in PackHeader header, in PackFooterEntry line, ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty)
        {
            return "the pack is cut short";
        }

        if (!RecordHeader.TryRead(record, out RecordHeader found) || found != line.Record)
        {
            return "its header is not what the pack's table of contents says";
        }

        if (PackCipher.StoredHash(record) != line.Record.StoredHash)
        {
            return "its stored bytes do not match their hash";
        }

        var location = new ChunkLocation(header.Pack, line.OffsetBytes, line.Record.PayloadBytes, line.Record.RawBytes);
        return chunks.TryOpen(cipher, header.Kind, line.Record.Id, location, record, _scratch, _plain);
    }

    private async ValueTask<string?> CheckAgainAsync(
        PackCipher cipher, PackHeader header, PackFooterEntry line, CancellationToken cancellationToken)
    {
        int length = (int)line.Record.RecordBytes;
        byte[] record = ArrayPool<byte>.Shared.Rent(length);
        int read = await chunks.Repository.Store.ReadAsync(
            PackFormat.Key(header.Pack), line.OffsetBytes, record.AsMemory(0, length), cancellationToken);
        string? fault = Check(cipher, header, line, read == length ? record.AsSpan(0, length) : default);
        ArrayPool<byte>.Shared.Return(record);
        return fault;
    }
}

/// <summary>A record of a pack that does not hold what it should.</summary>
/// <param name="Id">The chunk.</param>
/// <param name="Pack">Its pack.</param>
/// <param name="OffsetBytes">Where its record begins.</param>
/// <param name="Fault">What does not match.</param>
public sealed record DamagedChunk(ChunkId Id, PackId Pack, long OffsetBytes, string Fault);
