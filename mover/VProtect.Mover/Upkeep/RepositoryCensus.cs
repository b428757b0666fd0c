using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep;

/// <summary>Looks at every object of a repository: whether packs are whole by size and trailer, and what belongs to nothing.</summary>
internal sealed class RepositoryCensus(ChunkStore chunks, FaultList faults)
{
    /// <summary>Reads in flight: each is one small one at the end of a pack.</summary>
    private const int ReadsMax = 16;

    /// <summary>Leftovers told; whoever has more has a cause to look for, not a list.</summary>
    private const int LeftoversMax = 1000;

    private readonly Repository _repository = chunks.Repository;
    private readonly ConcurrentQueue<Leftover> _leftovers = [];
    private readonly ConcurrentQueue<string> _unreadable = [];
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private int _packs;
    private long _packBytes;

    /// <summary>Packs looked at.</summary>
    public int Packs => Volatile.Read(ref _packs);

    /// <summary>Their bytes.</summary>
    public long PackBytes => Volatile.Read(ref _packBytes);

    /// <summary>What belongs to nothing, by key.</summary>
    public IReadOnlyList<Leftover> Leftovers => [.. _leftovers.OrderBy(leftover => leftover.Key, StringComparer.Ordinal)];

    /// <summary>What the store could not give.</summary>
    public IReadOnlyList<string> Unreadable => [.. _unreadable];

    /// <summary>Looks. Packs that are not whole leave the index, so that whatever needs them is found out.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _ended.UnionWith(await _repository.ListMarksAsync("ended/", cancellationToken));
        await Parallel.ForEachAsync(
            _repository.Store.ListAsync("", cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = ReadsMax, TaskScheduler = TaskScheduler.Current, CancellationToken = cancellationToken },
            async (item, token) =>
            {
                try
                {
                    await LookAsync(item, token);
                }
                catch (IntegrityException e)
                {
                    faults.Add(e.Message);
                }
                catch (VProtectException e)
                {
                    _unreadable.Enqueue($"Object '{item.Key}': {e.Message}");
                }
            });
    }

    private async ValueTask LookAsync(ObjectInfo item, CancellationToken cancellationToken)
    {
        if (PackFormat.TryParseKey(item.Key, out PackId pack))
        {
            await LookAtPackAsync(item, pack, cancellationToken);
            return;
        }

        string[] parts = item.Key.Split('/');
        string name = parts[^1];
        bool isIdName = parts.Length == 2 && PackId.TryParse(name.Split('-', 2)[0], out _);
        switch (parts[0])
        {
            case "repository" when parts.Length == 1:
            case "keys" when parts.Length == 3 && parts[1] is "slots" or "ring":
            case "gc" when parts.Length == 2:
            case "ended" when isIdName:
                break;
            case "points" when isIdName:
                await LookAtPointAsync(item.Key, name, cancellationToken);
                break;
            case "forgotten" or "holds" when isIdName:
                if (await _repository.Store.GetSizeAsync($"points/{name}", cancellationToken) is null)
                {
                    Note(item.Key, LeftoverKind.MarkOfNothing, "Its restore point is not there. Harmless; may be deleted.");
                }

                break;
            case "leases" when isIdName:
                await LookAtLeaseAsync(item.Key, name, cancellationToken);
                break;
            case "bad" when isIdName:
                _ = PackId.TryParse(name.Split('-', 2)[0], out PackId badPack);
                if (await _repository.Store.GetSizeAsync(PackFormat.Key(badPack), cancellationToken) is null)
                {
                    Note(item.Key, LeftoverKind.BadMarkOfNothing, "Its pack is not there any more. Harmless; may be deleted.");
                }

                break;
            default:
                Note(item.Key, LeftoverKind.UnknownObject, "Nothing of this program's, or of a newer version of it. See who put it there; this program leaves it alone.");
                break;
        }
    }

    private async ValueTask LookAtPackAsync(ObjectInfo item, PackId pack, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _packs);
        Interlocked.Add(ref _packBytes, item.SizeBytes);
        try
        {
            await _repository.Packs.CheckTrailerAsync(pack, item.SizeBytes, cancellationToken);
        }
        catch (IntegrityException)
        {
            chunks.Index.RemovePack(pack);
            Note(
                item.Key, LeftoverKind.UnusablePack,
                "It has no valid trailer, so nothing in it is used. Collection removes it when no restore point misses anything; do not delete it before: its records can be salvaged.");
            throw;
        }
    }

    private async ValueTask LookAtPointAsync(string key, string id, CancellationToken cancellationToken)
    {
        byte[] head = new byte[Envelope.HeaderBytes];
        await _repository.Store.ReadAsync(key, 0, head, cancellationToken);
        if (Envelope.KindOf(head) == EnvelopeKind.AbortedPoint && await _repository.ReadPointAsync(id, cancellationToken) is null)
        {
            Note(key, LeftoverKind.AbortedPoint, "The mark of a backup that was broken off. It stays, so that a late commit of that backup cannot arrive.");
        }
    }

    private async ValueTask LookAtLeaseAsync(string key, string name, CancellationToken cancellationToken)
    {
        LeaseRecord? lease = await _repository.ReadRecordAsync<LeaseRecord>(EnvelopeKind.Lease, key, cancellationToken);
        if (lease is null || _ended.Contains(name))
        {
            return;
        }

        if (WriterProcess.IsCertainlyGone(lease))
        {
            Note(key, LeftoverKind.StaleLease, "Its process is gone. 'vprotect repo gc' ends it.");
        }
        else if (lease.Host != WriterProcess.Host)
        {
            Note(
                key, LeftoverKind.ForeignLease,
                $"Taken by process {lease.Process} on '{lease.Host}', which cannot be asked from here. If nothing runs there, 'vprotect repo gc' ends it on that machine, or with --break-leases on this.");
        }
    }

    private void Note(string key, LeftoverKind kind, string advice)
    {
        if (_leftovers.Count < LeftoversMax)
        {
            _leftovers.Enqueue(new Leftover(key, kind, advice));
        }
    }
}
