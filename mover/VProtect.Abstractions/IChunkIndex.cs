namespace VProtect.Abstractions;

/// <summary>
/// The chunk index: chunk id → where it lies. A cache over the packs' footers: whatever is lost here is learned
/// again from the repository, and it never answers <i>known</i> for a chunk whose pack it has not been told is durable,
/// whose pack has been removed, or which has been quarantined.
/// One process holds an index directory at a time. All members are safe to call from several threads.
/// </summary>
public interface IChunkIndex : IAsyncDisposable
{
    /// <summary>Packs whose every entry is in the index, as of now. A snapshot; the caller owns it.</summary>
    IReadOnlyCollection<PackId> Packs { get; }

    /// <summary>Entries in packs that are in the index; chunks that lie in several packs count once for each.</summary>
    long EntryCount { get; }

    /// <summary>Whether <see cref="AddPack"/> has completed for this pack and <see cref="RemovePack"/> has not.</summary>
    bool ContainsPack(PackId pack);

    /// <summary>
    /// Publishes the contents of a durable pack. Idempotent; a chunk that is known elsewhere keeps both places.
    /// The caller guarantees that the pack object is durable in the repository.
    /// </summary>
    /// <exception cref="VProtectException">The index's disk is full or failing: the index must be closed, the repository is unharmed.</exception>
    void AddPack(PackId pack, ReadOnlySpan<PackEntry> entries);

    /// <summary>
    /// Says that about so many further entries are to come, so that the index makes room once instead of on the way. A hint:
    /// fewer or more may follow. Other threads may go on meanwhile.
    /// </summary>
    /// <param name="entries">How many, at least 0.</param>
    void Reserve(long entries)
    {
    }

    /// <summary>Forgets a pack that is gone or condemned: none of its entries is answered again. O(1). Idempotent.</summary>
    void RemovePack(PackId pack);

    /// <summary>
    /// Marks one place of a chunk as bad: <see cref="IChunkIndexSession.TryFind"/> no longer answers with it.
    /// Lasts as long as the pack is known to this index.
    /// </summary>
    /// <returns>False when the index does not know the chunk in that pack.</returns>
    bool Quarantine(in ChunkId id, PackId pack);

    /// <summary>Opens a session for one thread at a time. The caller disposes it.</summary>
    IChunkIndexSession OpenSession();

    /// <summary>Makes the present content survive a restart. What was added since the last checkpoint is otherwise learned again from footers.</summary>
    ValueTask CheckpointAsync(CancellationToken cancellationToken);
}

/// <summary>A reader of the index, used by one thread at a time.</summary>
public interface IChunkIndexSession : IDisposable
{
    /// <summary>Finds one good, durable place of a chunk.</summary>
    bool TryFind(in ChunkId id, out ChunkLocation location);

    /// <summary>
    /// Finds many at once, overlapping what must come from disk. <paramref name="found"/>[i] is true when
    /// <paramref name="locations"/>[i] has been set for <paramref name="ids"/>[i]. All three have the same length.
    /// </summary>
    /// <returns>How many were found.</returns>
    int FindMany(ReadOnlySpan<ChunkId> ids, Span<ChunkLocation> locations, Span<bool> found);
}
