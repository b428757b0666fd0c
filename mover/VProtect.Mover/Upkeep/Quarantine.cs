using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Takes damaged chunks out of use: out of this process's index at once, and by a mark in the repository out of all others'. The
/// next backup that sees such a chunk writes it again. Where another pack holds a good copy, that one is used from now on.
/// </summary>
internal static class Quarantine
{
    /// <summary>Applies it to what was found in one pack.</summary>
    public static async Task ApplyAsync(ChunkStore chunks, PackId pack, IReadOnlyList<DamagedChunk> damaged, CancellationToken cancellationToken)
    {
        foreach (DamagedChunk chunk in damaged)
        {
            chunks.Index.Quarantine(chunk.Id, pack);
        }

        byte[] body = RecordJson.Write(
            new BadChunksRecord(pack.ToString(), [.. damaged.Select(chunk => chunk.Id.ToString()).Order(StringComparer.Ordinal)]));
        try
        {
            // A name by content: a later verification that finds more adds a mark, one that finds the same adds none.
            await chunks.Repository.Store.PutIfAbsentAsync(KeyOf(pack, body), Envelope.Clear(EnvelopeKind.BadChunks, body), cancellationToken);
        }
        catch (VProtectException e) when (e.Code is ErrorCode.StoreFull or ErrorCode.StoreDenied)
        {
            // Verification of a repository that cannot be written still tells what it found.
        }
    }

    /// <summary>Looks for another copy that is good, checking each as a restore would. Copies that are not are quarantined too.</summary>
    /// <returns>The pack with the good copy, or null.</returns>
    public static async Task<PackId?> FindGoodCopyAsync(ChunkStore chunks, PackKind kind, DamagedChunk damaged, CancellationToken cancellationToken)
    {
        while (chunks.TryFind(damaged.Id, out ChunkLocation place))
        {
            try
            {
                await chunks.ReadAsync(kind, damaged.Id, cancellationToken);
                return chunks.TryFind(damaged.Id, out ChunkLocation good) ? good.Pack : place.Pack;
            }
            catch (IntegrityException e) when (e.Code == ErrorCode.DataCorrupt)
            {
                if (!chunks.Index.Quarantine(damaged.Id, place.Pack))
                {
                    return null;
                }

                var copy = new DamagedChunk(damaged.Id, place.Pack, place.OffsetBytes, e.Message);
                await ApplyAsync(chunks, place.Pack, [copy], cancellationToken);
            }
            catch (VProtectException)
            {
                // Not there any more, or it cannot be read now: nothing is known of that copy.
                return null;
            }
        }

        return null;
    }

    /// <summary>What marks in the repository say is bad; a mark that cannot be read says nothing.</summary>
    public static async Task<HashSet<(ChunkId Id, PackId Pack)>> ReadMarksAsync(Repository repository, CancellationToken cancellationToken)
    {
        var bad = new HashSet<(ChunkId Id, PackId Pack)>();
        foreach (string name in await repository.ListMarksAsync("bad/", cancellationToken))
        {
            try
            {
                BadChunksRecord? mark = await repository.ReadRecordAsync<BadChunksRecord>(EnvelopeKind.BadChunks, $"bad/{name}", cancellationToken);
                if (mark is not null && PackId.TryParse(mark.Pack, out PackId pack))
                {
                    bad.UnionWith(mark.Chunks.Select(chunk => (ChunkId.Parse(chunk), pack)));
                }
            }
            catch (Exception e) when (e is IntegrityException or FormatException or ArgumentNullException)
            {
                // Told by the synchronization of the index.
            }
        }

        return bad;
    }

    /// <summary>The name of a mark.</summary>
    public static string KeyOf(PackId pack, ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(body, hash);
        return string.Create(CultureInfo.InvariantCulture, $"bad/{pack}-{Convert.ToHexStringLower(hash[..8])}");
    }
}
