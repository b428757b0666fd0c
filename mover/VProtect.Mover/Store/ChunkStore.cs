using System.Buffers;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Zstd;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Store;

/// <summary>
/// A repository with its chunk index: reads chunks and nodes by id, every byte checked. Safe from several threads; does not
/// own the repository or the index.
/// </summary>
public sealed class ChunkStore(Repository repository, IChunkIndex index) : INodeReader, IDisposable
{
    private readonly ThreadLocal<ZstdDecompressor> _decompressor = new(() => new ZstdDecompressor(), trackAllValues: true);
    private readonly SemaphoreSlim _refresh = new(1, 1);
    private int _refreshCount;

    /// <summary>The repository.</summary>
    public Repository Repository => repository;

    /// <summary>The chunk index, which holds the packs of this repository.</summary>
    public IChunkIndex Index => index;

    /// <summary>
    /// Checks and opens one record: header, sealing, compression, id. CPU only.
    /// </summary>
    /// <param name="cipher">Of its pack.</param>
    /// <param name="kind">What the pack holds.</param>
    /// <param name="id">The chunk it must be.</param>
    /// <param name="location">Where it was read.</param>
    /// <param name="record">The record as read, header and payload.</param>
    /// <param name="scratch">At least the payload's bytes; used in between.</param>
    /// <param name="plain">Receives <see cref="ChunkLocation.RawBytes"/> bytes.</param>
    /// <exception cref="IntegrityException">Anything does not match; <paramref name="plain"/> then holds nothing to be used.</exception>
    internal void Open(
        PackCipher cipher, PackKind kind, ChunkId id, in ChunkLocation location, ReadOnlySpan<byte> record, Span<byte> scratch, Span<byte> plain)
    {
        string? fault = TryOpen(cipher, kind, id, location, record, scratch, plain);
        if (fault is not null)
        {
            throw new IntegrityException($"Chunk {id.ToString()[..16]}… in pack {location.Pack} at offset {location.OffsetBytes} is damaged: {fault}.");
        }
    }

    /// <summary>As <see cref="Open"/>, but tells what is wrong instead of throwing; null when all is well.</summary>
    internal string? TryOpen(
        PackCipher cipher, PackKind kind, ChunkId id, in ChunkLocation location, ReadOnlySpan<byte> record, Span<byte> scratch, Span<byte> plain)
    {
        if (!RecordHeader.TryRead(record, out RecordHeader header))
        {
            return "there is no record at its place";
        }

        if (header.Id != id || header.PayloadBytes != location.StoredBytes || header.RawBytes != location.RawBytes)
        {
            return "the record there is of another chunk";
        }

        if (record.Length != header.RecordBytes)
        {
            return "the pack is cut short";
        }

        int packedBytes = (int)header.PayloadBytes - cipher.OverheadBytes;
        if (packedBytes < 1 || !cipher.TryOpen(record, location.OffsetBytes, scratch[..packedBytes]))
        {
            return "its seal does not open";
        }

        ReadOnlySpan<byte> packed = scratch[..packedBytes];
        switch (header.Codec)
        {
            case ChunkCodec.None when packedBytes == header.RawBytes:
                packed.CopyTo(plain);
                break;
            case ChunkCodec.Zstd when _decompressor.Value!.Decompress(packed, plain[..(int)header.RawBytes]):
                break;
            default:
                return "it does not decompress";
        }

        return repository.Keys.IdOf(kind, plain[..(int)header.RawBytes]) == id ? null : "its bytes do not match its id";
    }

    /// <summary>Reads and checks one chunk or node; tries again after a refresh of the index when it has moved.</summary>
    /// <returns>Its plain bytes.</returns>
    /// <exception cref="IntegrityException">It is missing or damaged.</exception>
    internal async ValueTask<byte[]> ReadAsync(PackKind kind, ChunkId id, CancellationToken cancellationToken)
    {
        int seen = Volatile.Read(ref _refreshCount);
        ChunkLocation location = await LocateAsync(id, cancellationToken);
        try
        {
            return await ReadAsync(kind, id, location, cancellationToken);
        }
        catch (IntegrityException e) when (e.Code == ErrorCode.ObjectMissing)
        {
            // A collector has moved it since the index last looked. A listing may show its old pack still.
            index.RemovePack(location.Pack);
            await RefreshAsync(seen, cancellationToken);
            return await ReadAsync(kind, id, await LocateAsync(id, cancellationToken), cancellationToken);
        }
        catch (IntegrityException)
        {
            // This place is bad. Others may know already, and a good one may have been written since: marks and new packs tell.
            await RefreshAsync(seen, cancellationToken);
            if (TryFind(id, out ChunkLocation other) && other != location)
            {
                return await ReadAsync(kind, id, other, cancellationToken);
            }

            throw;
        }
    }

    private async ValueTask<byte[]> ReadAsync(PackKind kind, ChunkId id, ChunkLocation location, CancellationToken cancellationToken)
    {
        int recordBytes = PackFormat.RecordHeaderBytes + (int)location.StoredBytes;
        byte[] record = ArrayPool<byte>.Shared.Rent(recordBytes);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(recordBytes);
        try
        {
            PackCipher cipher = await repository.Packs.GetCipherAsync(location.Pack, cancellationToken);
            int read = await repository.Store.ReadAsync(
                PackFormat.Key(location.Pack), location.OffsetBytes, record.AsMemory(0, recordBytes), cancellationToken);
            if (read < 0)
            {
                throw PackMissing(location.Pack);
            }

            byte[] plain = new byte[location.RawBytes];
            Open(cipher, kind, id, location, record.AsSpan(0, read), scratch, plain);
            return plain;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <inheritdoc/>
    async ValueTask INodeReader.ReadNodeAsync(ChunkId id, int level, Memory<ChunkId> slots, CancellationToken cancellationToken)
    {
        byte[] node = await ReadAsync(PackKind.Nodes, id, cancellationToken);
        if (!TreeNode.TryDecode(node, level, slots.Span))
        {
            throw new IntegrityException($"Tree node {id.ToString()[..16]}… is not a node of level {level}.");
        }
    }

    /// <summary>Where a chunk lies.</summary>
    /// <exception cref="IntegrityException">No pack holds a good copy; or none that the store lists, whose listing may lag: then it may be tried again later.</exception>
    internal async ValueTask<ChunkLocation> LocateAsync(ChunkId id, CancellationToken cancellationToken)
    {
        int seen = Volatile.Read(ref _refreshCount);
        if (TryFind(id, out ChunkLocation location))
        {
            return location;
        }

        // Another process may have written or rewritten packs since: look once more with all there are now.
        await RefreshAsync(seen, cancellationToken);
        if (TryFind(id, out location))
        {
            return location;
        }

        throw repository.Store.Properties.ListIsConsistent
            ? new IntegrityException($"Chunk {id.ToString()[..16]}… is in no pack of the repository.", ErrorCode.ObjectMissing)
            : IntegrityException.NotListed($"Chunk {id.ToString()[..16]}… is in no pack that {repository.Name} lists.");
    }

    internal static IntegrityException PackMissing(PackId pack) => new($"Pack {pack} is missing.", ErrorCode.ObjectMissing);

    /// <summary>Learns packs that others wrote or removed, unless that happened since <paramref name="seen"/>.</summary>
    private async Task RefreshAsync(int seen, CancellationToken cancellationToken)
    {
        await _refresh.WaitAsync(cancellationToken);
        try
        {
            if (_refreshCount == seen)
            {
                await IndexSync.SynchronizeAsync(repository, index, progress: null, cancellationToken);
                Volatile.Write(ref _refreshCount, seen + 1);
            }
        }
        finally
        {
            _refresh.Release();
        }
    }

    /// <summary>Where a chunk lies, as far as the index knows now.</summary>
    internal bool TryFind(in ChunkId id, out ChunkLocation location)
    {
        using IChunkIndexSession session = index.OpenSession();
        return session.TryFind(id, out location);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ZstdDecompressor decompressor in _decompressor.Values)
        {
            decompressor.Dispose();
        }

        _decompressor.Dispose();
        _refresh.Dispose();
    }
}
