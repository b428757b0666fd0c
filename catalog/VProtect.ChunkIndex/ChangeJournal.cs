using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex;

/// <summary>
/// What may not be forgotten between checkpoints: quarantined places, and packs removed since. Kept apart from the
/// checkpoints, so that it survives when they are lost: a chunk found bad stays bad while its pack is learned again.
/// A file of fixed records, appended to; the whole list is in memory (about 100 bytes for each quarantined place).
/// </summary>
internal sealed class ChangeJournal : IDisposable
{
    private const ulong Magic = 0x314C_4E4A_4950_5631; // "1VPIJNL1" as it lies in the file
    private const int HeaderBytes = 16;
    private const int RecordBytes = 56;
    private const uint KindQuarantine = 1;
    private const uint KindRemovePack = 2;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<PackId, ConcurrentDictionary<ChunkId, bool>> _quarantined = new();
    private readonly List<PackId> _removed = [];
    private readonly Func<string, IndexFile> _open;
    private readonly string _path;
    private IndexFile _file;
    private long _lengthBytes;
    private int _obsolete;

    /// <summary>Opens the journal, reading what it holds; a torn last record is cut off.</summary>
    public ChangeJournal(string path, Func<string, IndexFile> open)
    {
        _path = path;
        _open = open;
        _file = open(path);
        Load();
    }

    /// <summary>Packs removed after the last checkpoint was recorded.</summary>
    public IReadOnlyList<PackId> RemovedPacks => _removed;

    /// <summary>Packs of which some chunk is quarantined.</summary>
    public IEnumerable<PackId> QuarantinedPacks => _quarantined.Keys;

    /// <summary>Records that failed their checksum when the journal was read: something that was quarantined may not be any more.</summary>
    public int DamagedRecords { get; private set; }

    public bool HasQuarantine(PackId pack) => _quarantined.ContainsKey(pack);

    public bool IsQuarantined(in ChunkId id, PackId pack) =>
        _quarantined.TryGetValue(pack, out ConcurrentDictionary<ChunkId, bool>? ids) && ids.ContainsKey(id);

    /// <summary>Quarantines one place; on stable storage when this returns.</summary>
    public void Quarantine(in ChunkId id, PackId pack)
    {
        lock (_gate)
        {
            if (_quarantined.GetOrAdd(pack, static _ => new()).TryAdd(id, true))
            {
                Append(KindQuarantine, pack, id);
                _file.Flush();
            }
        }
    }

    /// <summary>
    /// Notes that a pack is gone and drops its quarantined places. Survives the end of the process at once, and a power cut from the
    /// next checkpoint or quarantine on: a caller compares with the repository's list of packs after opening anyway.
    /// </summary>
    public void RemovePack(PackId pack)
    {
        lock (_gate)
        {
            if (_quarantined.TryRemove(pack, out ConcurrentDictionary<ChunkId, bool>? ids))
            {
                _obsolete += ids.Count;
            }

            _removed.Add(pack);
            Append(KindRemovePack, pack, default);
        }
    }

    /// <summary>After a checkpoint: what it recorded need not be said here again. Rewrites the file when that shrinks it.</summary>
    public void Shrink()
    {
        lock (_gate)
        {
            if (_removed.Count == 0 && _obsolete == 0)
            {
                return;
            }

            string temporary = _path + ".new";
            File.Delete(temporary);
            IndexFile old = _file;
            _file = _open(temporary);
            WriteHeader();
            foreach ((PackId pack, ConcurrentDictionary<ChunkId, bool> ids) in _quarantined)
            {
                foreach (ChunkId id in ids.Keys)
                {
                    Append(KindQuarantine, pack, id);
                }
            }

            _file.Flush();
            File.Move(temporary, _path, overwrite: true);
            IndexDirectory.FlushDirectory(Path.GetDirectoryName(_path)!);
            old.Dispose();
            _removed.Clear();
            _obsolete = 0;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Load()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        _file.Read(header, 0);
        long length = _file.LengthBytes;
        if (length < HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic)
        {
            DamagedRecords = length > 0 ? 1 : 0;
            _file.SetLength(0);
            WriteHeader();
            _file.Flush();
            return;
        }

        Span<byte> record = stackalloc byte[RecordBytes];
        long records = (length - HeaderBytes) / RecordBytes;
        long good = 0;
        for (long i = 0; i < records; i++)
        {
            _file.Read(record, HeaderBytes + (i * RecordBytes));
            if (Crc(record) == BinaryPrimitives.ReadUInt32LittleEndian(record[52..]))
            {
                Apply(record);
                good = i + 1;
            }
            else
            {
                DamagedRecords++;
            }
        }

        // Damage at the very end is a write that a crash cut short: it was never acknowledged.
        DamagedRecords -= (int)(records - good);
        _lengthBytes = HeaderBytes + (good * RecordBytes);
        _file.SetLength(_lengthBytes);
    }

    private void Apply(ReadOnlySpan<byte> record)
    {
        PackId pack = PackId.Read(record);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record[48..]) == KindRemovePack)
        {
            _quarantined.TryRemove(pack, out _);
            _removed.Add(pack);
        }
        else
        {
            _quarantined.GetOrAdd(pack, static _ => new()).TryAdd(new ChunkId(record[16..48]), true);
        }
    }

    private void WriteHeader()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        _file.Write(header, 0);
        _lengthBytes = HeaderBytes;
    }

    private void Append(uint kind, PackId pack, in ChunkId id)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        pack.CopyTo(record);
        id.CopyTo(record[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[48..], kind);
        BinaryPrimitives.WriteUInt32LittleEndian(record[52..], Crc(record));
        _file.Write(record, _lengthBytes);
        _lengthBytes += RecordBytes;
    }

    private static uint Crc(ReadOnlySpan<byte> record)
    {
        uint crc = uint.MaxValue;
        for (int i = 0; i < 52; i += sizeof(uint))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt32LittleEndian(record[i..]));
        }

        return crc;
    }
}
