namespace VProtect.Mover.View;

/// <summary>
/// What all mounts of a process share: chunks and tree nodes read lately. Ids are keyed by repository, so disks of any number of
/// repositories may share one, and what two restore points have in common is held once.
/// </summary>
public sealed class ViewCache : IDisposable
{
    /// <summary>Makes an empty one.</summary>
    public ViewCache(ViewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        Chunks = new ChunkCache(options.CacheBytes);
        Nodes = new NodeCache(options.CachedNodesMax);
        Fetches = new SemaphoreSlim(options.FetchesMax);
    }

    /// <summary>Its limits.</summary>
    public ViewOptions Options { get; }

    /// <summary>Bytes of chunks it holds now.</summary>
    public long HeldBytes => Chunks.HeldBytes;

    internal ChunkCache Chunks { get; }

    internal NodeCache Nodes { get; }

    /// <summary>Reads of repositories that may begin now.</summary>
    internal SemaphoreSlim Fetches { get; }

    /// <summary>After all disks that use it.</summary>
    public void Dispose() => Fetches.Dispose();
}
