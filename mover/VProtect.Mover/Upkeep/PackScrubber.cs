using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Reads one pack from front to back and checks its records; the next piece is read while one is checked. What does not fit is
/// read once more before it is called damaged. Used by one task at a time. Memory: 11 MiB.
/// </summary>
internal sealed class PackScrubber(ChunkStore chunks, PersistentReads reads, VerifyLevel level, RestoreCounters counters)
{
    private const int PieceBytes = 4 << 20;

    /// <summary>Records one after the other that cannot be read: then it is no bad sector, and the rest is not tried.</summary>
    private const int FailedInARowMax = 8;

    private readonly Memory<byte>[] _pieces = [AlignedMemory.Allocate(PieceBytes), AlignedMemory.Allocate(PieceBytes)];
    private readonly Memory<byte> _again = AlignedMemory.Allocate(PackFormat.PayloadBytesMax + (3 * AlignedMemory.AlignmentBytes));
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(PackFormat.PayloadBytesMax, pinned: true);
    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(PackFormat.RawBytesMax, pinned: true);

    /// <summary>Checks a pack.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="packBytes">Its size.</param>
    /// <param name="only">Offsets of the records to check, ascending; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What was found; null when the pack is gone, which a collector may do at any time.</returns>
    /// <exception cref="IntegrityException">Header or table of contents is damaged, read twice: nothing in it can be used.</exception>
    /// <exception cref="VProtectException">The store failed: nothing is known of the pack.</exception>
    public async Task<PackFindings?> CheckAsync(PackId pack, long packBytes, IReadOnlyList<uint>? only, CancellationToken cancellationToken)
    {
        PackFooter? footer = await ReadFooterAsync(pack, packBytes, cancellationToken);
        if (footer is null)
        {
            return null;
        }

        var findings = new PackFindings(pack, footer.Header.Kind);
        List<Piece> plan = Plan(footer, only);
        using var cipher = new PackCipher(chunks.Repository.Keys, footer.Header);
        Task<int> reading = plan.Count > 0 ? ReadAsync(pack, plan[0], _pieces[0], cancellationToken) : Task.FromResult(0);
        try
        {
            for (int i = 0; i < plan.Count; i++)
            {
                VProtectException? trouble = null;
                int read = 0;
                try
                {
                    read = await reading;
                }
                catch (VProtectException e) when (e is not IntegrityException)
                {
                    trouble = e;
                }

                if (read < 0)
                {
                    return null;
                }

                if (i + 1 < plan.Count)
                {
                    reading = ReadAsync(pack, plan[i + 1], _pieces[(i + 1) & 1], cancellationToken);
                }

                await CheckPieceAsync(footer, plan[i], _pieces[i & 1][..read], cipher, trouble, findings, cancellationToken);
            }

            return findings;
        }
        finally
        {
            // Nothing may write into a piece that is used again.
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async ValueTask<PackFooter?> ReadFooterAsync(PackId pack, long packBytes, CancellationToken cancellationToken)
    {
        ValueTask<PackFooter?> Read() => chunks.Repository.Packs.ReadFooterAsync(pack, packBytes, cancellationToken);
        try
        {
            return await reads.RepeatAsync(Read, cancellationToken);
        }
        catch (IntegrityException)
        {
            return await reads.RepeatAsync(Read, cancellationToken);
        }
    }

    /// <summary>Cuts a pack into pieces of whole records, widened to whole blocks of a disk. Gaps of what is not asked for are left out.</summary>
    private static List<Piece> Plan(PackFooter footer, IReadOnlyList<uint>? only)
    {
        var plan = new List<Piece>();
        var wanted = only is null ? null : new HashSet<uint>(only);
        List<PackFooterEntry> entries = [];
        long start = 0;
        long end = 0;
        foreach (PackFooterEntry entry in footer.Entries)
        {
            if (wanted is not null && !wanted.Contains(entry.OffsetBytes))
            {
                continue;
            }

            long entryEnd = AlignUp(entry.OffsetBytes + entry.Record.RecordBytes);
            bool isNear = entries.Count > 0 && entry.OffsetBytes - end <= PieceBytes / 16 && entryEnd - start <= PieceBytes;
            if (!isNear)
            {
                entries = [];
                start = AlignDown(entry.OffsetBytes);
            }

            entries.Add(entry);
            end = entryEnd;
            if (entries.Count == 1)
            {
                plan.Add(new Piece(start, 0, entries));
            }

            plan[^1] = new Piece(start, (int)(end - start), entries);
        }

        return plan;
    }

    private Task<int> ReadAsync(PackId pack, Piece piece, Memory<byte> buffer, CancellationToken cancellationToken) =>
        reads.ReadAsync(PackFormat.Key(pack), piece.OffsetBytes, buffer[..piece.LengthBytes], cancellationToken);

    private async ValueTask CheckPieceAsync(
        PackFooter footer, Piece piece, ReadOnlyMemory<byte> bytes, PackCipher cipher, VProtectException? trouble, PackFindings findings,
        CancellationToken cancellationToken)
    {
        long checkedBytes = 0;
        int failedInARow = 0;
        foreach (PackFooterEntry entry in piece.Entries)
        {
            if (failedInARow == FailedInARowMax)
            {
                throw trouble ?? findings.Trouble!;
            }

            long length = entry.Record.RecordBytes;
            counters.AddPlain(length);
            if (trouble is null && Check(cipher, footer.Header, entry, Slice(bytes, entry.OffsetBytes - piece.OffsetBytes, (int)length)) is null)
            {
                checkedBytes += length;
                continue;
            }

            try
            {
                // A piece that could not be read is read record by record: a bad sector takes no more with it than it must.
                if (await CheckAgainAsync(cipher, footer.Header, entry, isRetried: trouble is null, cancellationToken) is { } fault)
                {
                    findings.Damaged.Add(new DamagedChunk(entry.Record.Id, findings.Pack, entry.OffsetBytes, fault) { PlainBytes = entry.Record.RawBytes });
                }

                checkedBytes += length;
                failedInARow = 0;
            }
            catch (VProtectException e) when (e is not IntegrityException)
            {
                findings.Trouble = e;
                findings.UnreadableRecords++;
                failedInARow++;
            }
        }

        findings.CheckedBytes += checkedBytes;
        counters.AddFetched(checkedBytes);
    }

    private string? Check(PackCipher cipher, in PackHeader header, in PackFooterEntry line, ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> record = bytes.Span;
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
        return level == VerifyLevel.Stored ? null : chunks.TryOpen(cipher, header.Kind, line.Record.Id, location, record, _scratch, _plain);
    }

    private async ValueTask<string?> CheckAgainAsync(
        PackCipher cipher, PackHeader header, PackFooterEntry line, bool isRetried, CancellationToken cancellationToken)
    {
        int length = (int)line.Record.RecordBytes;
        long start = AlignDown(line.OffsetBytes);
        Memory<byte> bytes = _again[..(int)(AlignUp(line.OffsetBytes + length) - start)];
        string key = PackFormat.Key(header.Pack);
        int read = isRetried
            ? await reads.ReadAsync(key, start, bytes, cancellationToken)
            : await chunks.Repository.Store.ReadUncachedAsync(key, start, bytes, cancellationToken);
        return Check(cipher, header, line, Slice(_again[..Math.Max(read, 0)], line.OffsetBytes - start, length));
    }

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> bytes, long start, int length) =>
        start + length <= bytes.Length ? bytes.Slice((int)start, length) : default;

    private static long AlignDown(long offset) => offset & ~(long)(AlignedMemory.AlignmentBytes - 1);

    private static long AlignUp(long offset) => AlignDown(offset + AlignedMemory.AlignmentBytes - 1);

    /// <summary>What one read brings.</summary>
    private readonly record struct Piece(long OffsetBytes, int LengthBytes, List<PackFooterEntry> Entries);
}

/// <summary>What a look at one pack found.</summary>
internal sealed class PackFindings(PackId pack, PackKind kind)
{
    public PackId Pack => pack;

    public PackKind Kind => kind;

    public List<DamagedChunk> Damaged { get; } = [];

    /// <summary>Bytes of records that were read, sound or not.</summary>
    public long CheckedBytes { get; set; }

    /// <summary>Records that the store could not give; not damage.</summary>
    public int UnreadableRecords { get; set; }

    /// <summary>What the store said to the last of them.</summary>
    public VProtectException? Trouble { get; set; }

    /// <summary>Whether all that was asked for was read and is sound.</summary>
    public bool IsSound => Damaged.Count == 0 && UnreadableRecords == 0;
}

/// <summary>A record of a pack that does not hold what it should, read twice.</summary>
/// <param name="Id">The chunk or tree node.</param>
/// <param name="Pack">Its pack.</param>
/// <param name="OffsetBytes">Where its record begins.</param>
/// <param name="Fault">What does not match.</param>
public sealed record DamagedChunk(ChunkId Id, PackId Pack, long OffsetBytes, string Fault)
{
    /// <summary>Bytes of the plain chunk.</summary>
    public long PlainBytes { get; init; }

    /// <summary>The pack with a good copy, which is used from now on: nothing is lost. Null when there is none.</summary>
    public PackId? HealedBy { get; init; }

    /// <summary>Whether an earlier verification had found it: a mark in the repository says so.</summary>
    public bool WasKnown { get; init; }

    /// <summary>Whether there is nothing left to do: it was told before, and has been written again since.</summary>
    public bool IsSettled => WasKnown && HealedBy is not null;
}
