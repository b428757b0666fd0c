using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends;
using VProtect.Node.Repositories;

namespace VProtect.Appliance.Cli;

/// <summary>Opens a repository for a verb: alone, or with its chunk index, which is opened while the key is derived.</summary>
internal static class RepositoryOpening
{
    /// <summary>Without the index: enough for restore points, keys and marks.</summary>
    /// <param name="invocation">Of whom.</param>
    /// <param name="typedPlace">As typed, or null for the environment's.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<Repository> OpenAsync(Invocation invocation, string? typedPlace, CancellationToken cancellationToken) =>
        (await OpenWithSecretAsync(invocation, typedPlace, cancellationToken)).Repository;

    /// <summary>As above, with what opened it, for changing keys; null when it is not encrypted.</summary>
    public static async Task<(Repository Repository, Secret? Secret)> OpenWithSecretAsync(
        Invocation invocation, string? typedPlace, CancellationToken cancellationToken)
    {
        IObjectStore store = RepositoryStores.Open(invocation.RepositoryPlace(typedPlace), create: false);
        try
        {
            RepositorySummary summary = await Repository.DescribeAsync(store, cancellationToken);
            Secret? secret = summary.IsEncrypted ? Secrets.Given(invocation) : null;
            return (await Repository.OpenAsync(store, secret, TimeProvider.System, cancellationToken), secret);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>With the index, ready to read and write chunks. The index may still lack packs: see <see cref="OpenedRepository.SynchronizeAsync"/>.</summary>
    public static async Task<OpenedRepository> OpenWithIndexAsync(
        Invocation invocation, string? typedPlace, CancellationToken cancellationToken, bool startsEmpty = false) =>
        (await OpenWithIndexAndSecretAsync(invocation, typedPlace, cancellationToken, startsEmpty)).Opened;

    /// <summary>As above, with what opened it; null when it is not encrypted.</summary>
    public static async Task<(OpenedRepository Opened, Secret? Secret)> OpenWithIndexAndSecretAsync(
        Invocation invocation, string? typedPlace, CancellationToken cancellationToken, bool startsEmpty = false)
    {
        IObjectStore store = RepositoryStores.Open(invocation.RepositoryPlace(typedPlace), create: false);
        Task<OpenedIndex>? opening = null;
        try
        {
            RepositorySummary summary = await Repository.DescribeAsync(store, cancellationToken);
            Secret? secret = summary.IsEncrypted ? Secrets.Given(invocation) : null;
            opening = Task.Run(() => ChunkIndexOpening.Open(StateDirectory.Of(invocation), summary.Id, memoryBytesMax: null, startsEmpty, invocation.Warn), CancellationToken.None);

            // Deriving the key is a tenth of a second of pure computation.
            Repository repository = await Task.Run(
                () => Repository.OpenAsync(store, secret, TimeProvider.System, cancellationToken), cancellationToken);
            return (new OpenedRepository(repository, await opening), secret);
        }
        catch
        {
            if (opening is not null && await Settled(opening) is { } index)
            {
                await index.DisposeAsync();
            }

            await store.DisposeAsync();
            throw;
        }
    }

    private static async Task<OpenedIndex?> Settled(Task<OpenedIndex> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return opening.IsCompletedSuccessfully ? await opening : null;
    }
}

/// <summary>A repository with its chunk index. Owns both.</summary>
internal sealed class OpenedRepository(Repository repository, OpenedIndex index) : IAsyncDisposable
{
    public Repository Repository => repository;

    public OpenedIndex Index => index;

    public ChunkStore Chunks { get; } = new(repository, index.Index);

    /// <summary>Teaches the index what the repository holds, with progress when there is much to learn; damaged packs are warned of.</summary>
    public async Task<IndexSyncResult> SynchronizeAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        int done = 0;
        int total = 0;
        var progress = new SynchronousProgress<(int Done, int Total)>(step =>
        {
            Volatile.Write(ref done, step.Done);
            Volatile.Write(ref total, step.Total);
        });
        IndexSyncResult result = await ProgressDisplay.RunAsync(
            invocation,
            () => new ProgressSample("learning what the repository holds", Volatile.Read(ref done), Volatile.Read(ref total), 0, Unit: "packs"),
            () => IndexSync.SynchronizeAsync(repository, index.Index, progress, cancellationToken));
        foreach (IntegrityException damage in result.Damaged)
        {
            invocation.Warn(damage.Message);
        }

        if (result.Added > 0)
        {
            await index.CheckpointAsync(invocation.Warn);
        }

        return result;
    }

    public async ValueTask DisposeAsync()
    {
        Chunks.Dispose();
        await index.DisposeAsync();
        await repository.DisposeAsync();
    }

    /// <summary>Reports on the caller's thread, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class SynchronousProgress<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
