namespace VProtect.Abstractions;

/// <summary>
/// A backend: named immutable objects, on a disk, a share or an object service. The contract that
/// every backend's tests check (the conformance suite in tests/VProtect.Mover.Tests/Store/Backends):
/// <list type="bullet">
/// <item>A key is 1 to 200 characters of <c>a-z 0-9 . - _</c> in segments joined by <c>/</c>; no segment begins with a dot.</item>
/// <item>An object appears whole or not at all, and is durable when the call that made it returns.</item>
/// <item>Creation is conditional: of several creators of one key exactly one succeeds, the others learn it.</item>
/// <item>A listing may lag behind writes by others unless <see cref="StoreProperties.ListIsConsistent"/>; reads by key never do.</item>
/// <item>Failures are <see cref="VProtectException"/> with <see cref="ErrorSide.Repository"/>: full, denied or failed; a backend retries by itself only what is safe to repeat.</item>
/// </list>
/// All members are safe to call from several threads.
/// </summary>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>What a log or an error calls it. Holds no secret.</summary>
    string Name { get; }

    /// <summary>What this backend can do.</summary>
    StoreProperties Properties { get; }

    /// <summary>
    /// Begins an object that is written piece by piece; nothing is visible until <see cref="IObjectWriter.CommitAsync"/>.
    /// The caller disposes the writer.
    /// </summary>
    ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken);

    /// <summary>Creates a small object at once. False when the key exists; the object there is untouched.</summary>
    ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Fills the buffer from an offset; fewer bytes only when the object ends.</summary>
    /// <returns>Bytes read, or -1 when there is no such object.</returns>
    ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="ReadAsync"/>, for one pass over much data: where the backend can, bytes come from the medium itself and no cache
    /// on the way is asked or filled. Best with offsets and lengths in multiples of 4096 and memory that is pinned and begins at one.
    /// </summary>
    ValueTask<int> ReadUncachedAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        ReadAsync(key, offsetBytes, buffer, cancellationToken);

    /// <summary>Size of an object in bytes, or null when there is none.</summary>
    ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken);

    /// <summary>Objects whose key begins with <paramref name="prefix"/> (which ends with <c>/</c> or is empty), in no order.</summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes an object, durably. False when there was none.</summary>
    ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Space of the place the objects lie in, or null when it has no end.</summary>
    ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken);
}

/// <summary>An object being written. Used by one task at a time.</summary>
public interface IObjectWriter : IAsyncDisposable
{
    /// <summary>Appends bytes; the buffer is the caller's again when it returns.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the object durable and visible under its key. False when the key exists already: then nothing of this
    /// writer remains. After it no other call but dispose is allowed; dispose without it leaves nothing behind.
    /// </summary>
    ValueTask<bool> CommitAsync(CancellationToken cancellationToken);
}

/// <summary>An object in a listing.</summary>
/// <param name="Key">Its whole key.</param>
/// <param name="SizeBytes">Its size.</param>
public readonly record struct ObjectInfo(string Key, long SizeBytes);

/// <summary>Space of a store.</summary>
/// <param name="TotalBytes">All of it.</param>
/// <param name="FreeBytes">What this process may still write.</param>
public readonly record struct StoreSpace(long TotalBytes, long FreeBytes);

/// <summary>What a backend can do.</summary>
public sealed record StoreProperties
{
    /// <summary>Largest object in bytes.</summary>
    public required long ObjectBytesMax { get; init; }

    /// <summary>Whether a listing shows every object whose creation returned before the listing began.</summary>
    public required bool ListIsConsistent { get; init; }

    /// <summary>Whether objects can be locked against deletion until a time (object lock).</summary>
    public required bool CanRetain { get; init; }

    /// <summary>What a read costs. Default <see cref="StoreDistance.LocalDisk"/>.</summary>
    public StoreDistance Distance { get; init; }
}

/// <summary>Where a store is, by what a read of it costs.</summary>
public enum StoreDistance
{
    /// <summary>As much as of any local file: a copy on a local disk is waste.</summary>
    LocalDisk = 0,

    /// <summary>A way over the network, to a share that the system caches too.</summary>
    Share = 1,

    /// <summary>A request to a service.</summary>
    Service = 2,
}
