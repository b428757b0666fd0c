using VProtect.Abstractions;

namespace VProtect.Mover.Store.Manifests;

/// <summary>Where tree nodes are read from.</summary>
internal interface INodeReader
{
    /// <summary>Reads and checks a node into its 256 slots.</summary>
    /// <exception cref="IntegrityException">It is missing or damaged.</exception>
    ValueTask ReadNodeAsync(ChunkId id, int level, Memory<ChunkId> slots, CancellationToken cancellationToken);
}

/// <summary>Where new tree nodes go.</summary>
internal interface INodeWriter
{
    /// <summary>Stores a node unless it is known already.</summary>
    /// <returns>Its id.</returns>
    ValueTask<ChunkId> WriteNodeAsync(ReadOnlyMemory<byte> node, CancellationToken cancellationToken);
}
