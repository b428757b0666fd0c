using System.Buffers;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.View;

/// <summary>What comes from the local file behind the cache and goes into it. A record from there is checked like one from the store, and read from the store when it is not good.</summary>
internal sealed partial class ChunkFetcher
{
    /// <summary>Chunks that one thread reads from the file, one after the other.</summary>
    private const int FiledInARow = 8;

    private readonly StoreDistance _distance = chunks.Repository.Store.Properties.Distance;

    /// <summary>The file, if there is one for this repository's store.</summary>
    private ChunkFile? FileNow => cache.File is { } file && file.IsFor(_distance) ? file : null;

    /// <summary>Takes those that are in the file out of the list, and begins to load them. They wait for no turn among the reads of the store.</summary>
    private void BeginFiled(ChunkFile file, List<(CachedChunk Chunk, ChunkLocation Location)> placed, List<Task> loading)
    {
        var filed = new List<(CachedChunk Chunk, ChunkLocation Location)>();
        placed.RemoveAll(one =>
        {
            bool isFiled = file.Contains(one.Location);
            if (isFiled)
            {
                filed.Add(one);
            }

            return isFiled;
        });
        for (int first = 0; first < filed.Count; first += FiledInARow)
        {
            List<(CachedChunk, ChunkLocation)> some = filed.GetRange(first, Math.Min(FiledInARow, filed.Count - first));
            loading.Add(placed.Count == 0 && first + FiledInARow >= filed.Count ? LoadFiledAsync(file, some) : Task.Run(() => LoadFiledAsync(file, some)));
        }
    }

    private async Task LoadFiledAsync(ChunkFile file, List<(CachedChunk Chunk, ChunkLocation Location)> filed)
    {
        int recordBytes = PackFormat.RecordHeaderBytes + (int)filed.Max(one => one.Location.StoredBytes);
        byte[] record = ArrayPool<byte>.Shared.Rent(recordBytes);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(recordBytes);
        try
        {
            foreach ((CachedChunk chunk, ChunkLocation location) in filed)
            {
                PackCipher cipher = await chunks.Repository.Packs.GetCipherAsync(location.Pack, CancellationToken.None);
                if (TryOpenFiled(file, cipher, PackKind.Data, chunk.Id, location, record, scratch, chunk.Buffer.AsSpan(0, chunk.LengthBytes)))
                {
                    cache.CountFromFile();
                    chunk.Complete();
                }
            }
        }
        catch (VProtectException)
        {
            // The header of its pack, which tells the key, is read from the store. What is amiss there is found out in the long way.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
            ArrayPool<byte>.Shared.Return(scratch);
        }

        foreach ((CachedChunk Chunk, ChunkLocation Location) one in filed)
        {
            if (!one.Chunk.IsLoaded)
            {
                await LoadSpanAsync([one]);
            }
        }
    }

    /// <summary>The short way to a node: the file, or one read of the store.</summary>
    /// <returns>False when the long way must be gone.</returns>
    private async Task<bool> TryReadNodeAsync(ChunkFile file, ChunkId id, int level, Memory<ChunkId> slots)
    {
        if (!chunks.TryFind(id, out ChunkLocation location))
        {
            return false;
        }

        int recordBytes = PackFormat.RecordHeaderBytes + (int)location.StoredBytes;
        byte[] record = ArrayPool<byte>.Shared.Rent(recordBytes);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(recordBytes);
        byte[] plain = ArrayPool<byte>.Shared.Rent((int)location.RawBytes);
        bool isKept = false;
        try
        {
            Memory<byte> node = plain.AsMemory(0, (int)location.RawBytes);
            if (file.Contains(location)
                && TryOpenFiled(file, await chunks.Repository.Packs.GetCipherAsync(location.Pack, CancellationToken.None), PackKind.Nodes, id, location, record, scratch, node.Span))
            {
                return TreeNode.TryDecode(node.Span, level, slots.Span);
            }

            (PackCipher cipher, int read) = await ReadRecordsAsync(location, record.AsMemory(0, recordBytes));
            if (read != recordBytes || chunks.TryOpen(cipher, PackKind.Nodes, id, location, record.AsSpan(0, recordBytes), scratch, node.Span) is not null)
            {
                return false;
            }

            isKept = file.TryKeep(record, [(location, ..recordBytes)]);
            return TreeNode.TryDecode(node.Span, level, slots.Span);
        }
        catch (VProtectException)
        {
            return false;
        }
        finally
        {
            if (!isKept)
            {
                ArrayPool<byte>.Shared.Return(record);
            }

            ArrayPool<byte>.Shared.Return(scratch);
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    private bool TryOpenFiled(ChunkFile file, PackCipher cipher, PackKind kind, in ChunkId id, in ChunkLocation location, byte[] record, byte[] scratch, Span<byte> plain)
    {
        Span<byte> bytes = record.AsSpan(0, PackFormat.RecordHeaderBytes + (int)location.StoredBytes);
        if (!file.TryRead(location, bytes))
        {
            return false;
        }

        if (chunks.TryOpen(cipher, kind, id, location, bytes, scratch, plain) is null)
        {
            return true;
        }

        file.Forget(location);
        return false;
    }
}
