using VProtect.Mover.Store;

namespace VProtect.Node.Repositories;

/// <summary>
/// An open repository with its chunk index, for all orders that use it at a time. What may run beside what, in one process on one
/// <see cref="ChunkStore"/> and one index:
/// <code>
///               backup   restore  verify   collect   forget
///   backup      yes      yes      yes      yes       yes      each backup has a lease of its own; what it stores is known to others when durable
///   restore              yes      yes      yes       yes      a chunk that a collection moved is looked up again
///   verify                        turns    yes       yes      one journal of verifications
///   collect                                turns     yes      one ledger
/// </code>
/// The index is a cache that any of them may bring up to date at any time: one that reads an older listing may forget a pack that another has just
/// published (its chunks are then stored once more), or learn again one that a collection has condemned (backups leave those aside by the state
/// of their own lease, and a collection counts them as no place to rely on). See mover/FORMAT.md section 7.
/// </summary>
internal sealed class SharedRepository(Repository repository, OpenedIndex index) : IAsyncDisposable
{
    private readonly SemaphoreSlim _checkpoint = new(1, 1);

    public Repository Repository => repository;

    public OpenedIndex Index => index;

    public ChunkStore Chunks { get; } = new(repository, index.Index);

    /// <summary>Held by the one collection at work.</summary>
    public SemaphoreSlim Collecting { get; } = new(1, 1);

    /// <summary>Held by the one verification at work.</summary>
    public SemaphoreSlim Verifying { get; } = new(1, 1);

    /// <summary>Makes what the index has learned survive a restart; not worth an error when that fails.</summary>
    public async Task CheckpointAsync(Action<string> warn)
    {
        await _checkpoint.WaitAsync();
        try
        {
            await index.CheckpointAsync(warn);
        }
        finally
        {
            _checkpoint.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Chunks.Dispose();
        await index.DisposeAsync();
        await repository.DisposeAsync();
        _checkpoint.Dispose();
        Collecting.Dispose();
        Verifying.Dispose();
    }
}
