using System.Buffers.Binary;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.Upkeep;

/// <summary>
/// Which packs were verified, by which run and when: a file of one machine beside its chunk index. A cache: whatever is lost here
/// is verified again. Runs order it; times are for people. Records of 40 bytes are appended, each with a checksum of its own, so that
/// a torn or damaged one costs that one alone. Memory: about 100 bytes for each pack. Used by one process at a time; safe from several threads.
/// <code>
/// 0 kind: 1 pack, 2 begin, 3 end | 1 level | 2 zero (2) | 4 run (4) | 8 Unix seconds (8) | 16 pack, or selection (16) | 32 zero (4) | 36 CRC-32C (4)
/// </code>
/// </summary>
public sealed class VerifyJournal : IDisposable
{
    private const int RecordBytes = 40;

    private readonly Lock _lock = new();
    private readonly FileStream _file;
    private readonly Dictionary<(PackId Pack, VerifyLevel Level), PackVerification> _packs = [];
    private uint _lastRun;
    private UInt128 _openSelection;
    private bool _isRunOpen;
    private long _records;

    private VerifyJournal(FileStream file) => _file = file;

    private enum Kind : byte
    {
        Pack = 1,
        Begin = 2,
        End = 3,
    }

    /// <summary>Whether the last verification did not come to its end.</summary>
    public bool HasInterruptedRun => _isRunOpen;

    /// <summary>Opens or makes a journal.</summary>
    /// <param name="path">The file; its directory exists or is made.</param>
    /// <returns>The journal, or null when another process has it or it cannot be written.</returns>
    public static VerifyJournal? TryOpen(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var journal = new VerifyJournal(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 64 << 10));
            journal.Load();
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What is known of a pack; of run 0 when nothing is.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="level">Verifications that looked less deep do not count.</param>
    public PackVerification Find(PackId pack, VerifyLevel level)
    {
        lock (_lock)
        {
            PackVerification full = _packs.GetValueOrDefault((pack, VerifyLevel.Full));
            PackVerification stored = level == VerifyLevel.Stored ? _packs.GetValueOrDefault((pack, VerifyLevel.Stored)) : default;
            return stored.Run > full.Run ? stored : full;
        }
    }

    /// <summary>Begins a run, or goes on with the interrupted one.</summary>
    /// <param name="selection">What it verifies.</param>
    /// <param name="resume">Whether to go on with the last run.</param>
    /// <param name="now">For display.</param>
    /// <returns>The run's number.</returns>
    /// <exception cref="VProtectException">There is an interrupted run, but of another selection.</exception>
    internal uint Begin(UInt128 selection, bool resume, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (resume && _isRunOpen)
            {
                return _openSelection == selection ? _lastRun : throw new VProtectException(
                    ErrorCode.InvalidArgument, ErrorSide.Request, "The verification that was interrupted looked at something else.",
                    "Repeat its options together with --resume, or leave --resume out to begin anew.");
            }

            Append(Kind.Begin, VerifyLevel.Full, _lastRun + 1, now, selection);
            return _lastRun;
        }
    }

    /// <summary>Notes that all of a pack was read and found sound.</summary>
    internal void Add(PackId pack, VerifyLevel level, DateTimeOffset now)
    {
        lock (_lock)
        {
            Append(Kind.Pack, level, _lastRun, now, pack.Value);
            _file.Flush();
        }
    }

    /// <summary>Ends the run; forgets packs that are gone.</summary>
    internal void End(IEnumerable<PackId> present, DateTimeOffset now)
    {
        lock (_lock)
        {
            Append(Kind.End, VerifyLevel.Full, _lastRun, now, default);
            if (_records > 1000 && _records > 2 * _packs.Count)
            {
                Rewrite([.. present]);
            }

            _file.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Load()
    {
        byte[] record = new byte[RecordBytes];
        while (_file.ReadAtLeast(record, RecordBytes, throwOnEndOfStream: false) == RecordBytes)
        {
            Apply(record);
        }

        // A torn record at the end is written over.
        _file.Position = _file.Length / RecordBytes * RecordBytes;
    }

    private void Apply(ReadOnlySpan<byte> record)
    {
        _records++;
        if (BinaryPrimitives.ReadUInt32LittleEndian(record[36..]) != PackFormat.Crc32C(record[..36]))
        {
            return;
        }

        uint run = BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
        UInt128 id = BinaryPrimitives.ReadUInt128BigEndian(record[16..]);
        _lastRun = Math.Max(_lastRun, run);
        switch ((Kind)record[0])
        {
            case Kind.Pack when record[1] <= (byte)VerifyLevel.Stored:
                long seconds = Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(record[8..]), 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds());
                _packs[(new PackId(id), (VerifyLevel)record[1])] = new PackVerification(run, DateTimeOffset.FromUnixTimeSeconds(seconds));
                break;
            case Kind.Begin:
                (_isRunOpen, _openSelection) = (true, id);
                break;
            case Kind.End:
                _isRunOpen = false;
                break;
        }
    }

    private void Append(Kind kind, VerifyLevel level, uint run, DateTimeOffset now, UInt128 id)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        record.Clear();
        record[0] = (byte)kind;
        record[1] = (byte)level;
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], run);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt128BigEndian(record[16..], id);
        BinaryPrimitives.WriteUInt32LittleEndian(record[36..], PackFormat.Crc32C(record[..36]));
        _file.Write(record);
        Apply(record);
    }

    /// <summary>In place: cut short by a crash, it forgets some packs, which are then verified again.</summary>
    private void Rewrite(HashSet<PackId> present)
    {
        KeyValuePair<(PackId Pack, VerifyLevel Level), PackVerification>[] kept = [.. _packs.Where(pack => present.Contains(pack.Key.Pack))];
        uint lastRun = _lastRun;
        _packs.Clear();
        _records = 0;
        _file.SetLength(0);
        foreach (((PackId pack, VerifyLevel level), PackVerification last) in kept)
        {
            Append(Kind.Pack, level, last.Run, last.At, pack.Value);
        }

        Append(Kind.End, VerifyLevel.Full, lastRun, DateTimeOffset.UnixEpoch, default);
    }
}

/// <summary>The last verification of a pack.</summary>
/// <param name="Run">The run that read it, ascending; 0 when none has.</param>
/// <param name="At">When, by the appliance's clock; for display and for choosing what to read.</param>
public readonly record struct PackVerification(uint Run, DateTimeOffset At);
