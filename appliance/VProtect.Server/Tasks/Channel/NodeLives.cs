using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Channel;

/// <summary>
/// When nodes and the tasks they have were last heard of. In memory only: after a start of the server everybody is heard of anew. Safe for any number
/// of callers.
/// </summary>
internal sealed class NodeLives(CatalogDatabase catalog, TimeProvider time)
{
    /// <summary>A heartbeat is written this often: it is for display.</summary>
    private static readonly TimeSpan NotedEvery = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _heard = new();
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _noted = new();
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), DateTimeOffset> _orders = new();

    /// <summary>The start of the server, from which silence of nodes counts that were never heard.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>When a node was last heard of; null not since the start.</summary>
    public DateTimeOffset? HeardAt(Guid node) => _heard.TryGetValue(node, out DateTimeOffset at) ? at : null;

    /// <summary>A node asks for work.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.Forbidden"/>: it is unknown or may not work.</exception>
    public async Task HeardAsync(Guid guid, NodeStatus status, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        _heard[guid] = now;
        if (_noted.TryGetValue(guid, out DateTimeOffset noted) && now - noted < NotedEvery)
        {
            return;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node node = await AllowedAsync(transaction, guid, cancellationToken);
        if (node.State == NodeState.Offline)
        {
            // It was given up; what it held is void, so it begins anew.
            long generation = await transaction.Nodes.NextGenerationAsync(guid, NodeState.Online, cancellationToken);
            node = node with { Generation = generation };
        }

        if (!node.Capabilities.SequenceEqual(status.Platforms))
        {
            node = await transaction.Nodes.GetAsync(guid, cancellationToken);
            await transaction.Nodes.UpdateAsync(node with { Capabilities = [.. status.Platforms] }, cancellationToken);
        }

        await transaction.Nodes.HeartbeatAsync(guid, node.Generation, status.Version, node.StagingTotalBytes, node.StagingUsedBytes, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _noted[guid] = now;
    }

    /// <summary>A node was given up: the next time it is heard of counts.</summary>
    public void GivenUp(Guid node) => _noted.TryRemove(node, out _);

    /// <summary>A node was given an order, or told of it.</summary>
    public void HeardOf(Guid node, Guid task, int attempt)
    {
        DateTimeOffset now = time.GetUtcNow();
        _heard[node] = now;
        _orders[(task, attempt)] = now;
    }

    /// <summary>When an order was last heard of; null not since the start.</summary>
    public DateTimeOffset? OrderHeardAt(CatalogTask task) => _orders.TryGetValue((task.Guid, task.Attempt), out DateTimeOffset at) ? at : null;

    /// <summary>An order has ended.</summary>
    public void Forget(CatalogTask task) => _orders.TryRemove((task.Guid, task.Attempt), out _);

    private static async Task<Node> AllowedAsync(CatalogSession session, Guid guid, CancellationToken cancellationToken) =>
        await session.Nodes.FindAsync(guid, cancellationToken) is { State: NodeState.Online or NodeState.Offline or NodeState.Maintenance } node
            ? node
            : throw new VProtectException(
                ErrorCode.Forbidden, ErrorSide.Request, $"The node {guid} is unknown here or was not let in.", "Enrol it again.");
}
