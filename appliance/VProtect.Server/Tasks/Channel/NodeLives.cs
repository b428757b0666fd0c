using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Channel;

/// <summary>
/// How long nodes and the tasks they have were not heard of, by a clock that nobody sets. In memory only: the time in which the server itself was not there is
/// no silence of theirs. Safe for any number of callers.
/// </summary>
internal sealed class NodeLives(CatalogDatabase catalog, TimeProvider time)
{
    /// <summary>A heartbeat is written this often: it is for display.</summary>
    private static readonly TimeSpan NotedEvery = TimeSpan.FromSeconds(15);

    // Time stamps of the monotonic clock.
    private readonly ConcurrentDictionary<Guid, long> _heard = new();
    private readonly ConcurrentDictionary<Guid, long> _noted = new();
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), long> _orders = new();
    private long _listeningSince = time.GetTimestamp();

    /// <summary>The server was not there for a while, or stood still: silence counts from now.</summary>
    public void ListenAnew() => Volatile.Write(ref _listeningSince, time.GetTimestamp());

    /// <summary>How long a node was not heard of while the server listened.</summary>
    public TimeSpan SilenceOf(Guid node) => Since(_heard.GetValueOrDefault(node, long.MinValue));

    /// <summary>The same of a node's work on a task.</summary>
    public TimeSpan SilenceOf(CatalogTask task) => Since(_orders.GetValueOrDefault((task.Guid, task.Attempt), long.MinValue));

    /// <summary>A node asks for work.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.Forbidden"/>: it is unknown or may not work.</exception>
    public async Task HeardAsync(Guid guid, NodeStatus status, CancellationToken cancellationToken)
    {
        long now = time.GetTimestamp();
        _heard[guid] = now;
        if (_noted.TryGetValue(guid, out long noted) && time.GetElapsedTime(noted, now) < NotedEvery)
        {
            return;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node node = await AllowedAsync(transaction, guid, cancellationToken);
        if (node.State == NodeState.Offline || !node.Capabilities.SequenceEqual(status.Platforms))
        {
            // What it held, it holds still, unless its lease was ended meanwhile.
            NodeState state = node.State == NodeState.Offline ? NodeState.Online : node.State;
            await transaction.Nodes.UpdateAsync(node with { State = state, Capabilities = [.. status.Platforms] }, cancellationToken);
        }

        await transaction.Nodes.HeartbeatAsync(guid, node.Generation, status.Version, node.StagingTotalBytes, node.StagingUsedBytes, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _noted[guid] = now;
    }

    /// <summary>A node's row was changed: the next time that it is heard of is written down.</summary>
    public void NoteNext(Guid node) => _noted.TryRemove(node, out _);

    /// <summary>A node was given an order, or told of it.</summary>
    public void HeardOf(Guid node, Guid task, int attempt)
    {
        long now = time.GetTimestamp();
        _heard[node] = now;
        _orders[(task, attempt)] = now;
    }

    /// <summary>An order has ended.</summary>
    public void Forget(CatalogTask task) => _orders.TryRemove((task.Guid, task.Attempt), out _);

    private TimeSpan Since(long heard) => time.GetElapsedTime(Math.Max(heard, Volatile.Read(ref _listeningSince)));

    private static async Task<Node> AllowedAsync(CatalogSession session, Guid guid, CancellationToken cancellationToken) =>
        await session.Nodes.FindAsync(guid, cancellationToken) is { State: NodeState.Online or NodeState.Offline or NodeState.Maintenance } node
            ? node
            : throw new VProtectException(
                ErrorCode.Forbidden, ErrorSide.Request, $"The node {guid} is unknown here or was not let in.", "Enrol it again.");
}
