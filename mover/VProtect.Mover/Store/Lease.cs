using System.Globalization;
using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>
/// A writer's announcement that it is at work (FORMAT.md section 7): holds back the sweep of packs condemned later, and keeps
/// the parent's point in place. Disposing removes it.
/// </summary>
internal sealed class Lease : IAsyncDisposable
{
    private readonly Repository _repository;
    private readonly string _key;

    private Lease(Repository repository, LeaseRecord record, CollectionRecord collection)
    {
        _repository = repository;
        _key = $"leases/{record.Lease}";
        Record = record;
        Collection = collection;
    }

    public LeaseRecord Record { get; }

    /// <summary>The state of collection that this writer goes by.</summary>
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
            CollectionRecord before = await ReadCollectionAsync(repository, cancellationToken);
            var record = new LeaseRecord(
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), pointId, pins, before.Generation,
                WriterProcess.Host, WriterProcess.Boot, Environment.ProcessId, WriterProcess.StartOf(Environment.ProcessId) ?? "");
            var lease = new Lease(repository, record, before);
            bool isValid = false;
            try
            {
                await repository.Store.PutIfAbsentAsync(
                    lease._key, Envelope.Clear(EnvelopeKind.Lease, RecordJson.Write(record)), cancellationToken);
                isValid = (await ReadCollectionAsync(repository, cancellationToken)).Generation == before.Generation;
            }
            finally
            {
                // Also when the store failed, since the lease may have been written: it would hold back collectors while this process lives.
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

    /// <summary>The newest state of collection; generation 0 when there was none yet.</summary>
    public static async Task<CollectionRecord> ReadCollectionAsync(Repository repository, CancellationToken cancellationToken)
    {
        while (true)
        {
            string? newest = null;
            await foreach (ObjectInfo item in repository.Store.ListAsync("gc/", cancellationToken))
            {
                bool isState = item.Key.Length == KeyOf(0).Length
                    && long.TryParse(item.Key.AsSpan("gc/".Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
                newest = isState && string.CompareOrdinal(item.Key, newest) > 0 ? item.Key : newest;
            }

            if (newest is null)
            {
                return new CollectionRecord(0, []);
            }

            // Null when a collector has just replaced it by a newer one: look again.
            if (await repository.ReadRecordAsync<CollectionRecord>(EnvelopeKind.Collection, newest, cancellationToken) is { } record)
            {
                if (newest != KeyOf(record.Generation))
                {
                    throw new IntegrityException($"The object '{newest}' holds the state of generation {record.Generation}.");
                }

                var packs = new HashSet<PackId>();
                return record.Condemned.All(pack => PackId.TryParse(pack?.Pack, out PackId id) && packs.Add(id))
                    ? record
                    : throw new IntegrityException($"The object '{newest}' names something twice or that is no pack.");
            }
        }
    }

    public static string KeyOf(long generation) => $"gc/{generation.ToString("x16", CultureInfo.InvariantCulture)}";

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _repository.Store.DeleteAsync(_key, CancellationToken.None);
        }
        catch (VProtectException)
        {
            // Nothing depends on it: once this process is gone, a collector sees that and removes the lease.
        }
    }
}
