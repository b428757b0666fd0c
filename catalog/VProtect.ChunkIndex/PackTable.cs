using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

/// <summary>What the index thinks of a pack number. Anything but <see cref="Live"/> is never answered.</summary>
internal enum PackState : byte
{
    /// <summary>Never given out, or given out by a run whose end was not recorded.</summary>
    Unknown = 0,

    /// <summary>Its entries are being written.</summary>
    Adding = 1,

    /// <summary>Every entry is in the index.</summary>
    Live = 2,

    /// <summary>Gone: its records are stale.</summary>
    Removed = 3,
}

/// <summary>
/// Pack number ↔ pack id. Records name packs by number (4 bytes instead of 16), and forgetting a pack is one store here.
/// A number is never given out twice in the life of an index, so a record can only mean the pack it was written for.
/// Reads take no lock; writes are serialised. About 32 bytes per number ever given out, and 60 more per known pack.
/// </summary>
internal sealed class PackTable
{
    private readonly object _gate = new();
    private readonly Dictionary<PackId, uint> _numbers = [];
    private Slot[] _slots = new Slot[256];
    private uint _next = 1;
    private long _entries;
    private long _version;

    /// <summary>Grows with every pack added or removed.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The next number to be given out; every record ever written bears a smaller one.</summary>
    public uint NextNumber => Volatile.Read(ref _next);

    /// <summary>Entries in live packs.</summary>
    public long EntryCount => Interlocked.Read(ref _entries);

    /// <summary>A live pack's id, and whether some of its chunks are quarantined.</summary>
    public bool TryGetLive(uint number, out PackId pack, out bool hasQuarantine)
    {
        Slot[] slots = Volatile.Read(ref _slots);
        if (number < (uint)slots.Length)
        {
            ref Slot slot = ref slots[number];
            if (Volatile.Read(ref slot.State) == (byte)PackState.Live)
            {
                pack = slot.Id;
                hasQuarantine = Volatile.Read(ref slot.HasQuarantine);
                return true;
            }
        }

        pack = default;
        hasQuarantine = false;
        return false;
    }

    /// <summary>Whether records with this number must be kept: the pack is live or on its way.</summary>
    public bool IsKnown(uint number)
    {
        Slot[] slots = Volatile.Read(ref _slots);
        return number < (uint)slots.Length
            && (PackState)Volatile.Read(ref slots[number].State) is PackState.Live or PackState.Adding;
    }

    /// <summary>The number of a pack that is live.</summary>
    public bool TryGetNumber(PackId pack, out uint number)
    {
        lock (_gate)
        {
            return _numbers.TryGetValue(pack, out number) && _slots[number].State == (byte)PackState.Live;
        }
    }

    /// <summary>
    /// Gives out a number for a pack about to be added; false when the pack is live. While another thread is adding the
    /// same pack, waits for it.
    /// </summary>
    public bool TryBegin(PackId pack, bool hasQuarantine, out uint number)
    {
        lock (_gate)
        {
            while (_numbers.TryGetValue(pack, out number))
            {
                if (_slots[number].State == (byte)PackState.Live)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            number = _next;
            Place(number, new Slot { Id = pack, State = (byte)PackState.Adding, HasQuarantine = hasQuarantine });
            Volatile.Write(ref _next, checked(number + 1));
            return true;
        }
    }

    /// <summary>Makes an added pack answerable.</summary>
    public void Complete(uint number, int entries)
    {
        lock (_gate)
        {
            // It may have been removed meanwhile: then it stays so.
            ref Slot slot = ref _slots[number];
            if (slot.State == (byte)PackState.Adding)
            {
                slot.Entries = (uint)entries;
                _entries += entries;
                _version++;
                Volatile.Write(ref slot.State, (byte)PackState.Live);
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Forgets a pack; false when it was not known.</summary>
    public bool Remove(PackId pack)
    {
        lock (_gate)
        {
            if (!_numbers.Remove(pack, out uint number))
            {
                return false;
            }

            ref Slot slot = ref _slots[number];
            if (slot.State == (byte)PackState.Live)
            {
                _entries -= slot.Entries;
            }

            _version++;
            Volatile.Write(ref slot.State, (byte)PackState.Removed);
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>From now on readers ask the quarantine list about this pack's chunks.</summary>
    public void MarkQuarantine(PackId pack)
    {
        lock (_gate)
        {
            if (_numbers.TryGetValue(pack, out uint number))
            {
                Volatile.Write(ref _slots[number].HasQuarantine, true);
            }
        }
    }

    /// <summary>Every live pack: id, number, entries.</summary>
    public List<PackRow> Live()
    {
        lock (_gate)
        {
            var rows = new List<PackRow>(_numbers.Count);
            foreach ((PackId pack, uint number) in _numbers)
            {
                if (_slots[number].State == (byte)PackState.Live)
                {
                    rows.Add(new PackRow(pack, number, _slots[number].Entries));
                }
            }

            return rows;
        }
    }

    /// <summary>Takes over what a checkpoint recorded. Once, before anything else.</summary>
    public void Load(IEnumerable<PackRow> rows, uint nextNumber)
    {
        lock (_gate)
        {
            foreach (PackRow row in rows)
            {
                Place(row.Number, new Slot { Id = row.Pack, State = (byte)PackState.Live, Entries = row.Entries });
                _entries += row.Entries;
            }

            _next = nextNumber;
        }
    }

    private void Place(uint number, Slot slot)
    {
        if (number >= (uint)_slots.Length)
        {
            var larger = new Slot[Math.Max((int)number + 1, _slots.Length * 2)];
            _slots.CopyTo(larger, 0);
            Volatile.Write(ref _slots, larger);
        }

        _slots[number] = slot;
        _numbers.Add(slot.Id, number);
    }

    private struct Slot
    {
        public PackId Id;
        public uint Entries;
        public byte State;
        public bool HasQuarantine;
    }
}

/// <summary>One live pack, as a checkpoint records it.</summary>
internal readonly record struct PackRow(PackId Pack, uint Number, uint Entries);
