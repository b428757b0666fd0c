using System.Diagnostics.CodeAnalysis;
using VProtect.Abstractions;

namespace VProtect.Mover.View;

/// <summary>
/// Plain chunks by id, in a bounded number of bytes, evicted by second chance: what only a sequential reader has passed over goes first.
/// Whoever acquires a chunk holds it until released; a held one is not evicted. Buffers are used again. Safe from several threads.
/// </summary>
internal sealed class ChunkCache(long capacityBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ChunkId, CachedChunk> _chunks = [];
    private readonly Queue<CachedChunk> _inOrder = new();
    private readonly Dictionary<int, Stack<byte[]>> _free = [];
    private long _heldBytes;

    public long CapacityBytes => capacityBytes;

    public long HeldBytes
    {
        get
        {
            lock (_gate)
            {
                return _heldBytes;
            }
        }
    }

    /// <summary>A chunk whose bytes are there; held by the caller when true.</summary>
    public bool TryAcquireLoaded(in ChunkId id, bool isHot, [NotNullWhen(true)] out CachedChunk? chunk)
    {
        lock (_gate)
        {
            if (_chunks.TryGetValue(id, out chunk) && chunk.IsLoaded)
            {
                chunk.Holders++;
                chunk.IsHot |= isHot;
                return true;
            }
        }

        chunk = null;
        return false;
    }

    /// <summary>A chunk, held by the caller.</summary>
    /// <param name="id">Which.</param>
    /// <param name="lengthBytes">How long it is.</param>
    /// <param name="isHot">Whether it is likely to be wanted again.</param>
    /// <param name="isNew">True: it is the caller's to load, and then to complete, or to <see cref="Discard"/>.</param>
    public CachedChunk Acquire(in ChunkId id, int lengthBytes, bool isHot, out bool isNew)
    {
        lock (_gate)
        {
            isNew = !_chunks.TryGetValue(id, out CachedChunk? chunk);
            if (isNew)
            {
                chunk = new CachedChunk(id, TakeBuffer(lengthBytes), lengthBytes);
                _chunks[id] = chunk;
                _inOrder.Enqueue(chunk);
            }

            chunk!.Holders++;
            chunk.IsHot |= isHot && !isNew;
            return chunk;
        }
    }

    public bool Contains(in ChunkId id)
    {
        lock (_gate)
        {
            return _chunks.ContainsKey(id);
        }
    }

    /// <summary>Lets go of an acquired chunk.</summary>
    public void Release(CachedChunk chunk)
    {
        lock (_gate)
        {
            ReleaseOne(chunk);
        }
    }

    /// <summary>Takes a chunk that could not be loaded out; whoever waits for it learns why.</summary>
    public void Discard(CachedChunk chunk, Exception failure)
    {
        lock (_gate)
        {
            Unlist(chunk);
        }

        chunk.Fail(failure);
    }

    /// <summary>Takes a chunk out whose read hangs. Its buffer is never used again: the read may still fill it.</summary>
    public void Abandon(CachedChunk chunk)
    {
        lock (_gate)
        {
            if (chunk.IsListed)
            {
                chunk.IsListed = false;
                _chunks.Remove(chunk.Id);
                _heldBytes -= chunk.Buffer.Length;
            }
        }

        chunk.Fail(new TimeoutException("The repository did not answer."));
    }

    /// <summary>Gives up what nobody holds, and its memory.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            while (TryEvict() || TryDropFree())
            {
            }
        }
    }

    private void Unlist(CachedChunk chunk)
    {
        if (chunk.IsListed)
        {
            chunk.IsListed = false;
            _chunks.Remove(chunk.Id);
            ReleaseOne(chunk);
        }
    }

    private void ReleaseOne(CachedChunk chunk)
    {
        if (--chunk.Holders > 0)
        {
            return;
        }

        if (_heldBytes > capacityBytes)
        {
            _heldBytes -= chunk.Buffer.Length;
            return;
        }

        if (!_free.TryGetValue(chunk.Buffer.Length, out Stack<byte[]>? free))
        {
            _free[chunk.Buffer.Length] = free = new Stack<byte[]>();
        }

        free.Push(chunk.Buffer);
    }

    private byte[] TakeBuffer(int bytes)
    {
        if (TryTakeFree(bytes, out byte[]? buffer))
        {
            return buffer;
        }

        // All of it may be held for the moment: then a little more is taken, and given up again by whoever releases next.
        while (_heldBytes + bytes > capacityBytes && (TryDropFree() || TryEvict()))
        {
            if (TryTakeFree(bytes, out buffer))
            {
                return buffer;
            }
        }

        _heldBytes += bytes;
        return GC.AllocateUninitializedArray<byte>(bytes);
    }

    private bool TryTakeFree(int bytes, [NotNullWhen(true)] out byte[]? buffer)
    {
        buffer = null;
        return _free.TryGetValue(bytes, out Stack<byte[]>? free) && free.TryPop(out buffer);
    }

    /// <summary>Free buffers of other lengths: of a last chunk, or another repository's.</summary>
    private bool TryDropFree()
    {
        foreach (Stack<byte[]> free in _free.Values)
        {
            if (free.TryPop(out byte[]? buffer))
            {
                _heldBytes -= buffer.Length;
                return true;
            }
        }

        return false;
    }

    private bool TryEvict()
    {
        for (int tries = 2 * _inOrder.Count; tries > 0; tries--)
        {
            CachedChunk chunk = _inOrder.Dequeue();
            if (!chunk.IsListed)
            {
                continue;
            }

            if (chunk.IsHot || chunk.Holders > 1 || !chunk.Loaded.IsCompleted)
            {
                chunk.IsHot = false;
                _inOrder.Enqueue(chunk);
                continue;
            }

            Unlist(chunk);
            return true;
        }

        return false;
    }
}
