using System.Collections.Concurrent;
using FASTER.core;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using KvSession = FASTER.core.ClientSession<
    VProtect.ChunkIndex.IndexKey,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    VProtect.ChunkIndex.IndexValue,
    int,
    VProtect.ChunkIndex.RecordFunctions>;

namespace VProtect.ChunkIndex;

/// <summary>
/// The chunk index on FASTER KV.
/// <code>
///   chunk id ──► hash table ──► record in the log ──► pack number ──► pack table ──► location
///                (memory)       (end in memory,       (checked:       (memory)
///                                rest on disk)         CRC, variant)
/// </code>
/// <para>
/// A chunk may lie in several packs: each place has a record of its own, under the id changed by a variant number 0, 1, 2 …
/// Whoever looks, walks the variants until one is good or the key is free; whoever adds, until one is free or
/// stale. Stale is what fails its checksum or names a pack number that is not known. Records never change; forgetting a pack and
/// quarantining a place happen in memory beside FASTER (<see cref="PackTable"/>, <see cref="ChangeJournal"/>).
/// </para>
/// <para>What runs beside what (A add, F find, Q quarantine, R remove pack, S split the table, W rewrite, X its exchange, C checkpoint):</para>
/// <code>
///        A     F     Q     R     S     W     X     C
///   A    yes   yes   yes   yes   wait  yes   wait  wait     S, X and C hold the gate alone; A, Q and R share it
///   F    yes   yes   yes   yes   wait  yes   wait  yes      each finder holds its own lock; S, and X for an instant, hold all of them
///   Q                turns turns wait  yes   wait  wait     Q and R take turns at the journal
///   R                      turns wait  yes   wait  wait     so that C drops from the journal only what it has recorded
///   W                            yes   one         yes      reads a log that only grows; whether a pack lives is asked again when it counts
/// </code>
/// </summary>
public sealed partial class FasterChunkIndex : IChunkIndex
{
    /// <summary>Places of one chunk that are kept. Further ones are not found by this index; none is needed while these are good.</summary>
    internal const int PlacesMax = 64;

    private readonly IndexDirectory _directory;
    private readonly Func<string, IndexFile> _openFile;
    private readonly ILogger _logger;
    private readonly ChangeJournal _journal;
    private readonly PackTable _packs;
    private readonly ChunkIndexOptions _options;
    private readonly MemoryPlan _plan;
    private readonly ReaderWriterLockSlim _gate = new();
    private readonly ConcurrentBag<KvSession> _idle = [];
    private readonly ReaderSet _readers = new();
    private volatile IndexStore _store;
    private ulong? _successorLog;
    private ulong _sequence;
    private long _recordedVersion = -1;
    private volatile bool _isClosed;

    private FasterChunkIndex(
        ChunkIndexOptions options, IndexDirectory directory, Func<string, IndexFile> openFile, ILogger logger, ChangeJournal journal, Recovered recovered)
    {
        _options = options;
        _plan = new MemoryPlan(options.MemoryBytesMax);
        _directory = directory;
        _openFile = openFile;
        _logger = logger;
        _journal = journal;
        _packs = recovered.Packs;
        _store = recovered.Store;
        _sequence = recovered.Sequence;
        StartedEmptyBecause = recovered.StartedEmptyBecause;
        WarnOfMemory();
    }

    /// <summary>Why nothing could be recovered and the packs must be added again; null when the last checkpoint was.</summary>
    public string? StartedEmptyBecause { get; }

    /// <inheritdoc/>
    public IReadOnlyCollection<PackId> Packs => _packs.Live().ConvertAll(static row => row.Pack);

    /// <inheritdoc/>
    public long EntryCount => _packs.EntryCount;

    /// <summary>
    /// A sentence for the administrator when the hash table alone has outgrown <see cref="ChunkIndexOptions.MemoryBytesMax"/>; else null.
    /// The index goes on all the same: without its table it could answer nothing.
    /// </summary>
    public string? MemoryWarning
    {
        get
        {
            ChunkIndexStatistics statistics = Statistics;
            return _plan.IsOutgrownBy(statistics.TableBytes)
                ? $"The hash table of {statistics.Entries} chunks takes {statistics.TableBytes >> 20} MiB, the index may use {_plan.MemoryBytesMax >> 20} MiB in all: "
                    + "give it more memory; until then almost every lookup reads from disk."
                : null;
        }
    }

    /// <summary>What the index holds and uses.</summary>
    public ChunkIndexStatistics Statistics
    {
        get
        {
            ThrowIfClosed();
            _gate.EnterReadLock();
            try
            {
                return new ChunkIndexStatistics(
                    _packs.EntryCount,
                    _packs.Live().Count,
                    _store.Records,
                    _store.TableBytes,
                    _store.Kv.Log.MemorySizeBytes,
                    _store.Kv.Log.TailAddress);
            }
            finally
            {
                _gate.ExitReadLock();
            }
        }
    }

    internal bool IsOpen => !_isClosed;

    internal bool IsUsable => !_isClosed && !_store.Fault.IsRaised;

    internal BucketPrefetch Buckets => _store.Buckets;

    /// <inheritdoc/>
    public bool ContainsPack(PackId pack) => _packs.TryGetNumber(pack, out _);

    /// <inheritdoc/>
    public void RemovePack(PackId pack)
    {
        ThrowIfClosed();
        Need need;
        _gate.EnterReadLock();
        try
        {
            if (_packs.Remove(pack) || _journal.HasQuarantine(pack))
            {
                Guarded(() => _journal.RemovePack(pack));
            }

            need = NeedOf(_store);
        }
        finally
        {
            _gate.ExitReadLock();
        }

        if (need == Need.Rewrite)
        {
            Meet(need);
        }
    }

    /// <inheritdoc/>
    public bool Quarantine(in ChunkId id, PackId pack)
    {
        ThrowIfClosed();
        _store.Fault.ThrowIfRaised(_directory.Root);
        if (!_packs.TryGetNumber(pack, out uint number))
        {
            return false;
        }

        _gate.EnterReadLock();
        KvSession session = Rent();
        try
        {
            for (int variant = 0; variant < PlacesMax; variant++)
            {
                IndexKey key = IndexKey.Of(id, variant);
                if (!TryRead(session, ref key, out IndexValue value))
                {
                    return false;
                }

                if (value.PackNumber == number && IsSound(key, value, variant))
                {
                    ChunkId copy = id;
                    Guarded(() => _journal.Quarantine(copy, pack));
                    _packs.MarkQuarantine(pack);
                    return true;
                }
            }

            return false;
        }
        finally
        {
            _idle.Add(session);
            _gate.ExitReadLock();
        }
    }

    /// <inheritdoc/>
    public IChunkIndexSession OpenSession()
    {
        ThrowIfClosed();
        return _readers.Add(() => new FasterChunkIndexSession(this, _readers, _store.NewSession()));
    }

    /// <summary>Closes without a checkpoint. Sessions still open answer nothing from then on; no other call may be under way.</summary>
    /// <returns>Completed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (!_isClosed)
        {
            await _closing.CancelAsync();
            await WhenRewritten();
            _readers.Pause(() =>
            {
                _isClosed = true;
                _store.Dispose();
            });
            _journal.Dispose();
            _directory.Dispose();
            _gate.Dispose();
            _closing.Dispose();
        }
    }

    /// <summary>Whether a record that was found is an answer, and which.</summary>
    internal bool TryAnswer(in ChunkId id, in IndexKey key, in IndexValue value, int variant, out ChunkLocation location)
    {
        if (IsSound(key, value, variant)
            && _packs.TryGetLive(value.PackNumber, out PackId pack, out bool hasQuarantine)
            && !(hasQuarantine && _journal.IsQuarantined(id, pack)))
        {
            location = new ChunkLocation(pack, value.OffsetBytes, value.StoredBytes, value.RawBytes);
            return true;
        }

        location = default;
        return false;
    }

    /// <summary>Reads one record, waiting for the disk if it lies there.</summary>
    internal static bool TryRead(KvSession session, ref IndexKey key, out IndexValue value)
    {
        IndexValue input = default;
        value = default;
        Status status = session.Read(ref key, ref input, ref value);
        if (!status.IsPending)
        {
            return status.Found;
        }

        session.CompletePendingWithOutputs(out var completed, wait: true);
        using (completed)
        {
            bool found = completed.Next() && completed.Current.Status.Found;
            value = found ? completed.Current.Output : default;
            return found;
        }
    }

    private bool IsSound(in IndexKey key, in IndexValue value, int variant) =>
        value.Flags == (uint)variant && value.Crc == value.ComputeCrc(key, _store.Salt);

    private KvSession Rent() => _idle.TryTake(out KvSession? session) ? session : _store.NewSession();

    private void WarnOfMemory()
    {
        if (MemoryWarning is { } warning)
        {
            Log.MemoryOutgrown(_logger, _directory.Root, warning);
        }
    }

    // Everything of ours that touches the disk outside FASTER: a failure there is as final as one inside.
    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _store.Fault.Raise(exception);
            throw IndexFault.ToException(_directory.Root, exception);
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_isClosed, this);
}
