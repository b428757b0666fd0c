namespace VProtect.Abstractions;

/// <summary>
/// How often each chunk and tree node is referred to by the restore points counted so far, and how much of each pack is needed:
/// what makes the cost of collection follow change. A cache of one machine: whatever is lost here is counted again from the
/// repository. It may say more than is true of an id (then something unneeded stays until it is made anew), never less.
/// One process holds a ledger at a time; used by one task at a time.
/// <para>
/// Changes are seen at once by the holder and become durable, all together, with <see cref="CommitAsync"/>. A ledger that was not
/// closed in order opens at its last commit, or empty; never in between.
/// </para>
/// </summary>
public interface IReferenceLedger : IAsyncDisposable
{
    /// <summary>Restore points whose references are counted: id → roots of their disks, zero roots left out.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<ChunkId>> Points { get; }

    /// <summary>Packs as they were when last looked at.</summary>
    IReadOnlyDictionary<PackId, PackUse> Packs { get; }

    /// <summary>How often an id is referred to; 0 when it is not.</summary>
    long CountOf(in ChunkId id);

    /// <summary>Adds to the count of an id. A count that was too large to be kept exactly stays where it is.</summary>
    /// <param name="id">Not zero.</param>
    /// <param name="change">1 or -1.</param>
    /// <returns>The new count.</returns>
    /// <exception cref="IntegrityException">The count would fall below zero, or a page of the ledger is damaged: it must be cleared and made anew.</exception>
    long Add(in ChunkId id, int change);

    /// <summary>Notes that a point's references are counted.</summary>
    void SetPoint(string pointId, IReadOnlyList<ChunkId> roots);

    /// <summary>Notes that a point's references are no longer counted.</summary>
    void RemovePoint(string pointId);

    /// <summary>Notes how much of a pack is needed.</summary>
    void SetPack(PackId pack, PackUse use);

    /// <summary>Forgets a pack.</summary>
    void RemovePack(PackId pack);

    /// <summary>Makes all changes since the last commit durable, all or none.</summary>
    ValueTask CommitAsync(CancellationToken cancellationToken);

    /// <summary>Empties it, durably.</summary>
    ValueTask ClearAsync(CancellationToken cancellationToken);
}

/// <summary>How much of a pack is needed.</summary>
/// <param name="SizeBytes">Of the whole pack.</param>
/// <param name="NeededBytes">Of the records that were needed when it was looked at.</param>
/// <param name="MustLook">Something in it has lost its last reference since, so it must be looked at again.</param>
public readonly record struct PackUse(long SizeBytes, long NeededBytes, bool MustLook);
