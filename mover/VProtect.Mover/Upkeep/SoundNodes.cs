using System.Runtime.InteropServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Tree nodes of which all is known to be sound, so that what restore points share is looked at once. Bounded: when it is full
/// it forgets, which costs another look, never a wrong answer. 16 bytes a node: 120 bits of its id, which is a keyed hash, and its
/// level. Grows to its bound in steps. Safe from several threads.
/// </summary>
internal sealed class SoundNodes(int nodesMax)
{
    /// <summary>Slots that one id may lie in: few, so that a look-up reads two cache lines at most.</summary>
    private const int Ways = 8;

    private readonly Lock _lock = new();
    private UInt128[] _slots = new UInt128[Math.Max(Ways, Math.Min(nodesMax, 1 << 12) / Ways * Ways)];
    private int _count;

    /// <summary>Nodes that were added.</summary>
    public long AddedCount { get; private set; }

    public bool Contains(in ChunkId id, int level)
    {
        UInt128 mark = MarkOf(id, level);
        lock (_lock)
        {
            return BucketOf(_slots, mark).Contains(mark);
        }
    }

    public void Add(in ChunkId id, int level)
    {
        UInt128 mark = MarkOf(id, level);
        lock (_lock)
        {
            AddedCount++;
            if (_count >= _slots.Length / 2 && _slots.Length < nodesMax / Ways * Ways)
            {
                Grow();
            }

            Insert(_slots, mark);
        }
    }

    private void Grow()
    {
        UInt128[] old = _slots;
        _slots = new UInt128[Math.Min((long)nodesMax / Ways * Ways, old.Length * 4L)];
        _count = 0;
        foreach (UInt128 mark in old)
        {
            if (mark != 0)
            {
                Insert(_slots, mark);
            }
        }
    }

    private void Insert(UInt128[] slots, UInt128 mark)
    {
        Span<UInt128> bucket = BucketOf(slots, mark);
        if (bucket.Contains(mark))
        {
            return;
        }

        // The newest first, the oldest falls out: what was seen last is what the next restore point shares.
        _count += bucket[^1] == 0 ? 1 : 0;
        bucket[..^1].CopyTo(bucket[1..]);
        bucket[0] = mark;
    }

    private static Span<UInt128> BucketOf(UInt128[] slots, UInt128 mark)
    {
        int bucket = (int)((ulong)(mark >> 64) % (ulong)(slots.Length / Ways));
        return slots.AsSpan(bucket * Ways, Ways);
    }

    private static UInt128 MarkOf(in ChunkId id, int level)
    {
        UInt128 head = MemoryMarshal.Read<UInt128>(MemoryMarshal.AsBytes(new ReadOnlySpan<ChunkId>(in id)));
        return ((head >> 8) << 8) | (uint)(level + 1);
    }
}
