using System.Collections.Concurrent;
using VProtect.Abstractions.Nodes;

namespace VProtect.Server.Monitoring;

/// <summary>
/// What nodes tell of their mounts, as monitoring is told it. In memory only. Counts go on from where they were when a node begins again, so that they only ever go up while the server runs.
/// Safe for any number of callers.
/// </summary>
internal sealed class NodeMounts
{
    /// <summary>A node can tell any number; up to this one a double, which monitoring is told, holds all of them.</summary>
    private const long ValueMax = 1L << 53;

    private readonly ConcurrentDictionary<Guid, (MountsStatus Told, MountsStatus Sum)> _nodes = new();

    /// <summary>A node told how it is.</summary>
    /// <param name="node">Which.</param>
    /// <param name="status">What it told; null when it does not tell.</param>
    public void Tell(Guid node, MountsStatus? status)
    {
        if (status is null)
        {
            _nodes.TryRemove(node, out _);
            return;
        }

        MountsStatus told = Within(status);
        _nodes.AddOrUpdate(node, _ => (told, told), (_, before) => (told, told with
        {
            ChunksFromMemory = Sum(before.Sum.ChunksFromMemory, before.Told.ChunksFromMemory, told.ChunksFromMemory),
            ChunksFromFile = Sum(before.Sum.ChunksFromFile, before.Told.ChunksFromFile, told.ChunksFromFile),
            ChunksFromRepositories = Sum(before.Sum.ChunksFromRepositories, before.Told.ChunksFromRepositories, told.ChunksFromRepositories),
        }));
    }

    /// <summary>What a node told last; null when it has told nothing.</summary>
    public MountsStatus? Of(Guid node) => _nodes.TryGetValue(node, out (MountsStatus Told, MountsStatus Sum) known) ? known.Sum : null;

    /// <summary>A count that is less than it was has begun again.</summary>
    private static long Sum(long sum, long before, long now) => Math.Min(ValueMax, sum + (now < before ? now : now - before));

    private static MountsStatus Within(MountsStatus status) => new()
    {
        Count = Math.Max(0, status.Count),
        MemoryBytes = Within(status.MemoryBytes),
        MemoryBytesMax = Within(status.MemoryBytesMax),
        FileBytes = Within(status.FileBytes),
        FileBytesMax = Within(status.FileBytesMax),
        ChunksFromMemory = Within(status.ChunksFromMemory),
        ChunksFromFile = Within(status.ChunksFromFile),
        ChunksFromRepositories = Within(status.ChunksFromRepositories),
    };

    private static long Within(long value) => Math.Clamp(value, 0, ValueMax);
}
