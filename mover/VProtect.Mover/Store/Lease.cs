using VProtect.Abstractions;
using VProtect.Mover.Store.Collection;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>
/// A writer's announcement that it is at work (FORMAT.md section 7): holds back the sweep of packs condemned later, and keeps
/// the parent's point in place. Disposing ends it.
/// </summary>
internal sealed class Lease : IAsyncDisposable
{
    private readonly Repository _repository;
    private readonly LeaseName _name;

    private Lease(Repository repository, LeaseName name, LeaseRecord record, CollectionRecord collection)
    {
        _repository = repository;
        _name = name;
        Record = record;
        Collection = collection;
    }

    public LeaseRecord Record { get; }

    /// <summary>The state of collection that this writer goes by, and no later one: a pack swept since is condemned in it.</summary>
    public CollectionRecord Collection { get; }

    /// <summary>Steps (1) to (3) of a writer.</summary>
    /// <param name="repository">Where it will write.</param>
    /// <param name="pointId">The restore point it means to commit; null for a collector's rewriting.</param>
    /// <param name="pins">Restore points whose trees it builds upon.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<Lease> TakeAsync(
        Repository repository, string? pointId, IReadOnlyList<string> pins, CancellationToken cancellationToken)
    {
        while (true)
        {
            CollectionRecord collection = await CollectionState.FindAsync(repository, cancellationToken);
            Lease lease = await AnnounceAsync(repository, pointId, pins, collection, cancellationToken);
            bool isValid = false;
            try
            {
                isValid = await CollectionState.IsNewestAsync(repository, collection.Generation, cancellationToken);
            }
            finally
            {
                if (!isValid)
                {
                    await lease.DisposeAsync();
                }
            }

            if (isValid)
            {
                return lease;
            }
        }
    }

    /// <summary>Ends a lease; false when it had been ended before.</summary>
    public static ValueTask<bool> EndAsync(Repository repository, LeaseName name, CancellationToken cancellationToken) =>
        repository.Store.PutIfAbsentAsync(
            name.EndKey, Envelope.Clear(EnvelopeKind.EndedLease, RecordJson.Write(new EndedRecord(name.ToString()))), cancellationToken);

    /// <summary>Takes the first free slot of the generation.</summary>
    private static async Task<Lease> AnnounceAsync(
        Repository repository, string? pointId, IReadOnlyList<string> pins, CollectionRecord collection, CancellationToken cancellationToken)
    {
        // A listed slot is taken, and so are all before it; whatever the listing leaves out is found taken by the creation itself.
        long slot = 0;
        foreach (string listed in await repository.ListMarksAsync("leases/", cancellationToken))
        {
            bool isOfGeneration = LeaseName.TryParse(listed, out LeaseName taken) && taken.Generation == collection.Generation;
            slot = isOfGeneration ? Math.Max(slot, taken.Slot + 1) : slot;
        }

        string nonce = PackId.NewRandom().ToString();
        for (; ; slot++)
        {
            var name = new LeaseName(collection.Generation, slot);
            var record = new LeaseRecord(
                name.ToString(), pointId, pins, collection.Generation,
                repository.Process.Host, repository.Process.Boot, repository.Process.Process, repository.Process.Started, nonce,
                repository.Process.Machine, repository.Process.Namespace);
            byte[] bytes = Envelope.Clear(EnvelopeKind.Lease, RecordJson.Write(record));
            var lease = new Lease(repository, name, record, collection);
            try
            {
                if (await repository.CreateAsync(name.Key, bytes, cancellationToken))
                {
                    return lease;
                }
            }
            catch
            {
                // It may have been written all the same, and would hold back collectors while this process lives. It is ended only
                // when it is there: the end of a slot that another will take would be that other's.
                await lease.EndIfThereAsync(bytes);
                throw;
            }
        }
    }

    private async Task EndIfThereAsync(byte[] bytes)
    {
        try
        {
            if (await _repository.HoldsAsync(_name.Key, bytes, CancellationToken.None))
            {
                await DisposeAsync();
            }
        }
        catch (VProtectException)
        {
            // As below.
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndAsync(_repository, _name, CancellationToken.None);
        }
        catch (VProtectException)
        {
            // Nothing depends on it: once this process is gone, a collector sees that and ends the lease.
        }
    }
}
