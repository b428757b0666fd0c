using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Walks disks' trees and looks up every chunk: whether all that a restore would read has a good place, lies within the disk and
/// has the length its place in the disk demands. Reads no chunks. What is sound is entered once however many restore points
/// share it; what is not, each time, since what it means depends on where in a disk it lies. Safe from several threads.
/// </summary>
/// <param name="chunks">Where nodes are read and chunks looked up.</param>
/// <param name="sound">What is known to be sound.</param>
/// <param name="faults">Told what is wrong, in sentences.</param>
internal sealed class DiskInspection(ChunkStore chunks, SoundNodes sound, FaultList faults)
{
    private readonly INodeReader _reader = chunks;
    private readonly int _chunkBytes = chunks.Repository.ChunkBytes;
    private readonly Lock _lock = new();
    private Task? _refreshing;
    private long _nodeCount;
    private bool _isRefreshed;

    /// <summary>Nodes read.</summary>
    public long NodeCount => Volatile.Read(ref _nodeCount);

    /// <summary>Told of the place of each node and chunk; null when nobody wants to know. With it, sound nodes must not be shared with a walk without it.</summary>
    public Action<ChunkLocation>? OnPlace { get; init; }

    /// <summary>Inspects one disk.</summary>
    /// <returns>What is lost; null when nothing is.</returns>
    /// <exception cref="VProtectException">The store failed, three times.</exception>
    public async Task<DiskDamage?> InspectAsync(RestorePointDisk disk, CancellationToken cancellationToken)
    {
        if (disk.Root.IsZero)
        {
            return null;
        }

        var damage = new DiskDamage();
        bool isSound = await InspectAsync(disk, disk.Root, TreeNode.RootLevel(ChunkCount(disk)), firstChunk: 0, damage, cancellationToken);
        return isSound ? null : damage;
    }

    private async ValueTask<bool> InspectAsync(
        RestorePointDisk disk, ChunkId id, int level, long firstChunk, DiskDamage damage, CancellationToken cancellationToken)
    {
        // A node that reaches over the disk's end is sound for this size of disk only.
        bool isWithin = TreeNode.SpanChunks(level) <= (disk.SizeBytes / _chunkBytes) - firstChunk;
        if (isWithin && sound.Contains(id, level))
        {
            return true;
        }

        var slots = new ChunkId[TreeNode.Slots];
        try
        {
            Interlocked.Increment(ref _nodeCount);
            await _reader.ReadNodeAsync(id, level, slots, cancellationToken);
        }
        catch (IntegrityException e)
        {
            faults.Add(e.Message);
            AddLost(disk, firstChunk, TreeNode.SpanChunks(level), damage);
            return false;
        }

        if (OnPlace is not null && chunks.TryFind(id, out ChunkLocation place))
        {
            OnPlace(place);
        }

        bool isSound = level == 0
            ? await InspectLeafAsync(disk, slots, firstChunk, damage, cancellationToken)
            : await InspectInnerAsync(disk, slots, level, firstChunk, damage, cancellationToken);
        if (isSound && isWithin)
        {
            sound.Add(id, level);
        }

        return isSound;
    }

    private async ValueTask<bool> InspectInnerAsync(
        RestorePointDisk disk, ChunkId[] slots, int level, long firstChunk, DiskDamage damage, CancellationToken cancellationToken)
    {
        bool isSound = true;
        for (int slot = 0; slot < TreeNode.Slots; slot++)
        {
            long first = firstChunk + (slot * TreeNode.SlotChunks(level));
            if (slots[slot].IsZero)
            {
                continue;
            }

            isSound &= IsOnDisk(disk, first)
                && await InspectAsync(disk, slots[slot], level - 1, first, damage, cancellationToken);
        }

        return isSound;
    }

    private async ValueTask<bool> InspectLeafAsync(
        RestorePointDisk disk, ChunkId[] slots, long firstChunk, DiskDamage damage, CancellationToken cancellationToken)
    {
        var places = new ChunkLocation[TreeNode.Slots];
        bool[] found = new bool[TreeNode.Slots];
        Find(slots, places, found);
        if (slots.Where((id, slot) => !id.IsZero && !found[slot]).Any() && await RefreshAsync(cancellationToken))
        {
            Find(slots, places, found);
        }

        bool isSound = true;
        for (int slot = 0; slot < TreeNode.Slots; slot++)
        {
            if (slots[slot].IsZero)
            {
                continue;
            }

            long chunk = firstChunk + slot;
            if (!IsOnDisk(disk, chunk))
            {
                isSound = false;
                continue;
            }

            long length = Math.Min(_chunkBytes, disk.SizeBytes - (chunk * _chunkBytes));
            if (!found[slot])
            {
                faults.Add($"Chunk {slots[slot].ToString()[..16]}… has no good place in any pack.");
            }
            else if (places[slot].RawBytes != length)
            {
                faults.Add($"Chunk {slots[slot].ToString()[..16]}… has {places[slot].RawBytes} bytes where a disk needs {length}.");
            }
            else
            {
                OnPlace?.Invoke(places[slot]);
                continue;
            }

            damage.Add(chunk * _chunkBytes, length);
            isSound = false;
        }

        return isSound;
    }

    private bool IsOnDisk(RestorePointDisk disk, long chunk)
    {
        bool isOnDisk = chunk < ChunkCount(disk);
        if (!isOnDisk)
        {
            faults.Add($"The tree of a disk of {disk.SizeBytes} bytes names chunk {chunk}, which is beyond its end.");
        }

        return isOnDisk;
    }

    private long ChunkCount(RestorePointDisk disk) => (disk.SizeBytes / _chunkBytes) + (disk.SizeBytes % _chunkBytes > 0 ? 1 : 0);

    private void AddLost(RestorePointDisk disk, long firstChunk, long chunkCount, DiskDamage damage)
    {
        long offset = firstChunk * _chunkBytes;
        long length = chunkCount > (disk.SizeBytes - offset) / _chunkBytes ? disk.SizeBytes - offset : chunkCount * _chunkBytes;
        damage.Add(offset, length);
    }

    private void Find(ChunkId[] slots, ChunkLocation[] places, bool[] found)
    {
        using IChunkIndexSession session = chunks.Index.OpenSession();
        session.FindMany(slots, places, found);
    }

    /// <summary>What is not found may have been written or moved by others since: learned once, then what is missing is missing.</summary>
    private async ValueTask<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _isRefreshed))
        {
            return false;
        }

        Task refreshing;
        lock (_lock)
        {
            refreshing = _refreshing ??= IndexSync.SynchronizeAsync(chunks.Repository, chunks.Index, progress: null, cancellationToken);
        }

        await refreshing;
        Volatile.Write(ref _isRefreshed, true);
        return true;
    }
}
