using VProtect.Abstractions;

namespace VProtect.Mover.View;

/// <summary>A chunk in the cache, or on its way there. Its buffer stays as it is while anybody holds it.</summary>
internal sealed class CachedChunk(ChunkId id, byte[] buffer, int lengthBytes)
{
    private readonly TaskCompletionSource _loading = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ChunkId Id => id;

    public byte[] Buffer => buffer;

    public int LengthBytes => lengthBytes;

    /// <summary>Who holds it, the cache included. Under the cache's lock.</summary>
    public int Holders { get; set; } = 1;

    /// <summary>Whether it was used since eviction last looked at it. Under the cache's lock.</summary>
    public bool IsHot { get; set; }

    /// <summary>Whether the cache answers with it. Under the cache's lock.</summary>
    public bool IsListed { get; set; } = true;

    public bool IsLoaded => _loading.Task.IsCompletedSuccessfully;

    /// <summary>Ends when its bytes are there and checked, or fails with why they are not.</summary>
    public Task Loaded => _loading.Task;

    public void Complete() => _loading.TrySetResult();

    public void Fail(Exception failure)
    {
        if (_loading.TrySetException(failure))
        {
            _ = _loading.Task.Exception; // seen, even when nobody waits
        }
    }
}
