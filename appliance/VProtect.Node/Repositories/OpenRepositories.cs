using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;

namespace VProtect.Node.Repositories;

/// <summary>
/// The repositories that orders use: opened once, shared, closed when nobody has used them for a while. Each use gives its own pass phrase and
/// key of the bucket: who has another one opens it for himself, or is refused. Safe from several threads.
/// </summary>
internal sealed partial class OpenRepositories(NodeOptions options, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _closing = new(StringComparer.Ordinal);
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);

    /// <summary>Directory for indexes of one run; null for that of temporary files. For repositories that are opened from now on.</summary>
    public string? TemporaryPath { get; set; }

    /// <summary>Repositories that are open now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Does something with a repository.</summary>
    /// <param name="reference">Which, and what opens it.</param>
    /// <param name="warn">Told of what goes on in spite of it.</param>
    /// <param name="use">What is done; the repository is open until it has ended.</param>
    /// <param name="cancellationToken">Ends the wait for it; given on to <paramref name="use"/> by the caller.</param>
    public async Task<T> UseAsync<T>(
        RepositoryReference reference, Action<string> warn, Func<SharedRepository, Task<T>> use, CancellationToken cancellationToken)
    {
        string key = KeyOf(reference);
        while (true)
        {
            Entry entry = Enter(key, reference, warn);
            try
            {
                SharedRepository shared = await entry.Opening.WaitAsync(cancellationToken);
                if (await IsStillThereAsync(shared, cancellationToken))
                {
                    return await use(shared);
                }

                // Another has been put in its place since: this one is closed, and that one opened.
                Retire(key, entry);
            }
            catch (VProtectException e) when (e.Code == ErrorCode.IndexFailed || entry.Opening.IsFaulted)
            {
                Retire(key, entry);
                throw;
            }
            catch when (entry.Opening.IsFaulted)
            {
                Retire(key, entry);
                throw;
            }
            finally
            {
                await LeaveAsync(key, entry);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Task> closing;
        lock (_lock)
        {
            foreach ((string key, Entry entry) in _entries.Where(entry => entry.Value.Users == 0).ToList())
            {
                Close(key, entry);
            }

            closing = [.. _closing.Values];
        }

        await Task.WhenAll(closing);
    }

    private Entry Enter(string key, RepositoryReference reference, Action<string> warn)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out Entry? entry))
            {
                Task former = _closing.GetValueOrDefault(key) ?? Task.CompletedTask;
                entry = new Entry(Task.Run(() => OpenAsync(reference, former, warn), CancellationToken.None));
                _entries.Add(key, entry);
            }

            entry.Users++;
            entry.Timer?.Dispose();
            entry.Timer = null;
            return entry;
        }
    }

    /// <summary>Nobody gets it any more; it is closed when those who have it have left.</summary>
    private void Retire(string key, Entry entry)
    {
        lock (_lock)
        {
            entry.IsRetired = true;
            if (_entries.GetValueOrDefault(key) == entry)
            {
                _entries.Remove(key);
            }
        }
    }

    private async Task LeaveAsync(string key, Entry entry)
    {
        Task? closed = null;
        lock (_lock)
        {
            if (--entry.Users > 0)
            {
                return;
            }

            if (entry.IsRetired || options.RepositoryIdleTime <= TimeSpan.Zero)
            {
                closed = Close(key, entry);
            }
            else
            {
                entry.Timer = time.CreateTimer(_ => CloseIfIdle(key, entry), null, options.RepositoryIdleTime, Timeout.InfiniteTimeSpan);
            }
        }

        if (closed is not null)
        {
            await closed;
        }
    }

    private void CloseIfIdle(string key, Entry entry)
    {
        lock (_lock)
        {
            if (entry.Users == 0 && entry.Timer is not null)
            {
                Close(key, entry);
            }
        }
    }

    /// <summary>Within the lock.</summary>
    private Task Close(string key, Entry entry)
    {
        entry.Timer?.Dispose();
        entry.Timer = null;
        if (_entries.GetValueOrDefault(key) == entry)
        {
            _entries.Remove(key);
        }

        Task before = _closing.GetValueOrDefault(key) ?? Task.CompletedTask;
        Task closing = Task.Run(() => CloseAsync(entry, before));
        _closing[key] = closing;
        _ = closing.ContinueWith(
            done =>
            {
                lock (_lock)
                {
                    if (_closing.GetValueOrDefault(key) == done)
                    {
                        _closing.Remove(key);
                    }
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return closing;
    }

    private async Task CloseAsync(Entry entry, Task before)
    {
        await before;
        try
        {
            SharedRepository shared = await entry.Opening;
            await shared.CheckpointAsync(reason => Log.NotCheckpointed(logger, shared.Repository.Name, reason));
            await shared.DisposeAsync();
            Log.Closed(logger, shared.Repository.Name);
        }
        catch (VProtectException)
        {
            // It was never opened; or its index has failed, and is learned again.
        }
        catch (Exception e)
        {
            Log.NotClosed(logger, e.GetType().Name, e.Message);
        }
    }

    private async Task<SharedRepository> OpenAsync(RepositoryReference reference, Task former, Action<string> warn)
    {
        // It holds the index's first slot.
        await former;
        IObjectStore store = RepositoryPlace.Open(reference, create: false);
        OpenedIndex? index = null;
        try
        {
            RepositorySummary summary = await Repository.DescribeAsync(store, CancellationToken.None);
            Secret? secret = summary.IsEncrypted && reference.Secret is { } text ? Secret.FromText(text) : null;
            Repository repository = await Repository.OpenAsync(store, secret, time, CancellationToken.None);
            index = ChunkIndexOpening.Open(options.StatePath, summary.Id, options.IndexMemoryBytesMax, startsEmpty: false, warn, TemporaryPath);
            Log.Opened(logger, repository.Name, repository.Id, index.Index.EntryCount);
            return new SharedRepository(repository, index);
        }
        catch
        {
            if (index is not null)
            {
                await index.DisposeAsync();
            }

            await store.DisposeAsync();
            throw;
        }
    }

    private static async Task<bool> IsStillThereAsync(SharedRepository shared, CancellationToken cancellationToken)
    {
        try
        {
            return (await Repository.DescribeAsync(shared.Repository.Store, cancellationToken)).Id == shared.Repository.Id;
        }
        catch (VProtectException e) when (e.Code is ErrorCode.RepositoryNotFound or ErrorCode.RepositoryInvalid)
        {
            return false;
        }
    }

    private string KeyOf(RepositoryReference reference)
    {
        return $"{reference.Location}\n{HashOf(reference.Secret)}\n{reference.Key?.Id}\n{HashOf(reference.Key?.Secret)}";

        string HashOf(string? secret) => secret is null ? "" : Convert.ToHexStringLower(HMACSHA256.HashData(_salt, Encoding.UTF8.GetBytes(secret)));
    }

    private sealed class Entry(Task<SharedRepository> opening)
    {
        public Task<SharedRepository> Opening => opening;

        public int Users { get; set; }

        public bool IsRetired { get; set; }

        public ITimer? Timer { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(6040, LogLevel.Information, "Opened repository {Name} ({RepositoryId}); its index knows {Entries} chunks")]
        public static partial void Opened(ILogger logger, string name, string repositoryId, long entries);

        [LoggerMessage(6041, LogLevel.Information, "Closed repository {Name}")]
        public static partial void Closed(ILogger logger, string name);

        [LoggerMessage(6042, LogLevel.Warning, "The index of {Name} is not durable and will be learned again: {Reason}")]
        public static partial void NotCheckpointed(ILogger logger, string name, string reason);

        [LoggerMessage(6043, LogLevel.Error, "A repository could not be closed in order: {Kind}: {Reason}")]
        public static partial void NotClosed(ILogger logger, string kind, string reason);
    }
}
