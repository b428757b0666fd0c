using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;

namespace VProtect.Mover.View;

/// <summary>
/// Records of packs in a file that is written round and round: the oldest make room.
/// <code>
///  0                             end mod capacity                                  capacity
///  ├─ record ─┬─ record ─┬─ … ───┤ overwritten next ─┬─ record ─┬─ … ──┬ left free ┤
///    this lap ───────────► newest  oldest              last lap ────────► too little for the next record
/// </code>
/// <para>A record is what lies in its pack, byte for byte (FORMAT.md section 4: a header of 64 bytes, then the payload, sealed where the repository is), and
/// there is nothing else in the file. Which record lies where is in memory: at most an entry for each 16 KiB of the file, of 150 bytes at most: 40 MiB for 4 GiB.</para>
/// <para>Places are counted on from lap to lap and never come again, so a reader asks after its read whether the place is still within the last lap; if not, what
/// it read may be of two records. Whoever uses a record checks it as one from the store.</para>
/// <para>In order of writing, since then the disk sees one sequential writer, nothing is ever moved, and space needs no map. What is wanted most is in memory
/// already; second chances would write a record again for each of them.</para>
/// One writer at a time; any number of readers.
/// </summary>
/// <param name="file">Owned.</param>
/// <param name="capacityBytes">Bytes of it that are used; at least two records.</param>
internal sealed class ChunkRing(SafeFileHandle file, long capacityBytes) : IDisposable
{
    private const int BytesForEntry = 16 << 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<ChunkLocation, long> _places = [];
    private readonly Queue<(ChunkLocation Location, long Place)> _inOrder = new();
    private readonly int _entriesMax = (int)Math.Min(int.MaxValue, capacityBytes / BytesForEntry);
    private long _end;

    public long CapacityBytes => capacityBytes;

    /// <summary>Bytes of the file.</summary>
    public long HeldBytes => Math.Min(Volatile.Read(ref _end), capacityBytes);

    public bool Contains(in ChunkLocation location)
    {
        lock (_gate)
        {
            return _places.ContainsKey(location);
        }
    }

    /// <summary>Reads a record; false when it is not there, or not any more.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed meanwhile.</exception>
    public bool TryRead(in ChunkLocation location, Span<byte> record)
    {
        long place;
        lock (_gate)
        {
            if (!_places.TryGetValue(location, out place))
            {
                return false;
            }
        }

        if (RandomAccess.Read(file, record, place % capacityBytes) < record.Length)
        {
            Forget(location);
            return false;
        }

        return place >= Volatile.Read(ref _end) - capacityBytes;
    }

    /// <summary>Writes a record over the oldest ones, unless it is there.</summary>
    /// <exception cref="IOException">The disk fails or is full.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed meanwhile.</exception>
    public void Write(in ChunkLocation location, ReadOnlySpan<byte> record)
    {
        long place;
        lock (_gate)
        {
            if (_places.ContainsKey(location))
            {
                return;
            }

            long leftOfLap = capacityBytes - (_end % capacityBytes);
            place = record.Length <= leftOfLap ? _end : _end + leftOfLap;
            Volatile.Write(ref _end, place + record.Length);
            while (_inOrder.TryPeek(out (ChunkLocation Location, long Place) oldest) && (oldest.Place < _end - capacityBytes || _inOrder.Count >= _entriesMax))
            {
                _inOrder.Dequeue();
                if (_places.TryGetValue(oldest.Location, out long now) && now == oldest.Place)
                {
                    _places.Remove(oldest.Location);
                }
            }
        }

        RandomAccess.Write(file, record, place % capacityBytes);
        lock (_gate)
        {
            _places[location] = place;
            _inOrder.Enqueue((location, place));
        }
    }

    /// <summary>Gives up a record that turned out to be damaged.</summary>
    public void Forget(in ChunkLocation location)
    {
        lock (_gate)
        {
            _places.Remove(location);
        }
    }

    public void Dispose() => file.Dispose();
}
