using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>
/// Step (2) of a collector: all leases that count, read by key. Those of writers that are gone are broken on the way.
/// </summary>
internal sealed class OpenLeases
{
    /// <summary>Generations read at once.</summary>
    private const int ReadsMax = 8;

    private readonly Repository _repository;
    private readonly bool _breaksAll;
    private readonly HashSet<string> _pins = new(StringComparer.Ordinal);
    private readonly HashSet<string> _announced = new(StringComparer.Ordinal);

    private OpenLeases(Repository repository, bool breaksAll)
    {
        _repository = repository;
        _breaksAll = breaksAll;
    }

    /// <summary>Restore points that writers at work build upon.</summary>
    public IReadOnlySet<string> Pins => _pins;

    /// <summary>Restore points that writers announced, at work or not: they may be there though no listing shows them.</summary>
    public IReadOnlySet<string> Announced => _announced;

    /// <summary>The oldest generation that a writer at work goes by; the largest number when there is none.</summary>
    public long OldestGeneration { get; private set; } = long.MaxValue;

    /// <summary>Leases of the newest generation that have ended.</summary>
    public int EndedOfNewest { get; private set; }

    /// <summary>Leases broken.</summary>
    public int BrokenCount { get; private set; }

    /// <summary>Faults of those that cannot be read: what they pin is not known, so no restore point may be removed.</summary>
    public List<IntegrityException> Unreadable { get; } = [];

    /// <summary>Reads them.</summary>
    /// <param name="repository">Where.</param>
    /// <param name="state">The newest state of collection.</param>
    /// <param name="breaksAll">Whether to break those of writers that may live, and those that cannot be read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<OpenLeases> ReadAsync(
        Repository repository, CollectionRecord state, bool breaksAll, CancellationToken cancellationToken)
    {
        var leases = new OpenLeases(repository, breaksAll);
        long newest = state.Generation;
        long open = Math.Min(state.Open ?? newest, newest);

        // What a listing shows as ended has ended: that spares a read by key, for which all others are asked.
        HashSet<string> ended = await repository.ListMarksAsync("ended/", cancellationToken);
        var byKey = new HashSet<string>(StringComparer.Ordinal);
        IEnumerable<long> generations = Enumerable.Range(0, checked((int)(newest - open + 1))).Select(i => open + i);
        await foreach ((long generation, List<(LeaseName Name, Found Found)> slots) in ReadAhead.RunAsync(
            generations, ReadsMax, (generation, token) => leases.ReadGenerationAsync(generation, ended, token), cancellationToken))
        {
            foreach ((LeaseName name, Found found) in slots)
            {
                byKey.Add(name.ToString());
                leases.EndedOfNewest += found.HasEnded && generation == newest ? 1 : 0;
                await leases.AddAsync(name.ToString(), name, found, cancellationToken);
            }
        }

        // Those of early programs, and those of generations that another collector has begun meanwhile.
        foreach (string listed in await repository.ListMarksAsync("leases/", cancellationToken))
        {
            bool isSlot = LeaseName.TryParse(listed, out LeaseName name) && name.Generation <= newest + CollectionState.LagMax;
            if (!byKey.Contains(listed) && !(isSlot && name.Generation < open))
            {
                Found? found = await leases.ReadOneAsync(listed, ended, cancellationToken);
                if (found is not null)
                {
                    await leases.AddAsync(listed, isSlot ? name : null, found, cancellationToken);
                }
            }
        }

        return leases;
    }

    private async Task<List<(LeaseName Name, Found Found)>> ReadGenerationAsync(
        long generation, HashSet<string> ended, CancellationToken cancellationToken)
    {
        var slots = new List<(LeaseName Name, Found Found)>();
        for (long slot = 0; ; slot++)
        {
            var name = new LeaseName(generation, slot);
            if (await ReadOneAsync(name.ToString(), ended, cancellationToken) is not { } found)
            {
                return slots;
            }

            slots.Add((name, found));
        }
    }

    /// <summary>Null when there is no such lease.</summary>
    private async Task<Found?> ReadOneAsync(string name, HashSet<string> ended, CancellationToken cancellationToken)
    {
        string key = $"leases/{name}";
        try
        {
            LeaseRecord? lease = await _repository.ReadRecordAsync<LeaseRecord>(EnvelopeKind.Lease, key, cancellationToken);
            if (lease?.Point is { } point && !PackId.TryParse(point, out _))
            {
                throw new IntegrityException($"The object '{key}' announces '{point}', which is no restore point.");
            }

            return lease is null ? null : new Found(lease, Fault: null, await HasEndedAsync(name, ended, cancellationToken));
        }
        catch (IntegrityException e)
        {
            return new Found(Lease: null, e, await HasEndedAsync(name, ended, cancellationToken));
        }
    }

    private async Task<bool> HasEndedAsync(string name, HashSet<string> ended, CancellationToken cancellationToken) =>
        ended.Contains(name) || await _repository.Store.GetSizeAsync($"ended/{name}", cancellationToken) is not null;

    /// <param name="name">Its name, whatever program gave it.</param>
    /// <param name="slot">Its slot; null for a lease of an early program, which ends by deletion.</param>
    /// <param name="found">What was read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task AddAsync(string name, LeaseName? slot, Found found, CancellationToken cancellationToken)
    {
        LeaseRecord? lease = found.Lease;
        if (lease?.Point is { } point)
        {
            _announced.Add(point);
        }

        bool isGone = lease is not null && _repository.Process.IsCertainlyGone(lease);
        if (found.HasEnded || ((isGone || _breaksAll) && await TryBreakAsync(name, slot, lease, cancellationToken)))
        {
            return;
        }

        if (lease is null)
        {
            Unreadable.Add(found.Fault!);
        }

        _pins.UnionWith(lease?.Pins ?? []);
        OldestGeneration = Math.Min(OldestGeneration, slot?.Generation ?? lease?.Generation ?? 0);
    }

    /// <summary>
    /// Whoever creates the point's key first has won: the writer its commit, or this its end. On a store that is full the lease stays
    /// open, and what it does not hold back is collected all the same.
    /// </summary>
    private async Task<bool> TryBreakAsync(string name, LeaseName? slot, LeaseRecord? lease, CancellationToken cancellationToken)
    {
        try
        {
            if (lease?.Point is { } point)
            {
                byte[] aborted = Envelope.Clear(EnvelopeKind.AbortedPoint, RecordJson.Write(new AbortedRecord(lease.Lease)));
                await _repository.Store.PutIfAbsentAsync($"points/{point}", aborted, cancellationToken);
            }

            if (slot is { } known)
            {
                await Lease.EndAsync(_repository, known, cancellationToken);
            }
            else
            {
                await _repository.Store.DeleteAsync($"leases/{name}", cancellationToken);
            }
        }
        catch (VProtectException e) when (e.Code == ErrorCode.StoreFull)
        {
            return false;
        }

        BrokenCount++;
        return true;
    }

    private sealed record Found(LeaseRecord? Lease, IntegrityException? Fault, bool HasEnded);
}
