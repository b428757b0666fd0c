using System.Text.Json;
using VProtect.Catalog;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Settings;
using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks;

/// <summary>The node of this process. Every start is another life of it, so that what it held in an earlier one is void.</summary>
public sealed class LocalNode
{
    private const string Key = "localNode";

    private LocalNode(Guid guid)
    {
        Guid = guid;
    }

    /// <summary>Its row, the same at every start.</summary>
    public Guid Guid { get; }

    /// <summary>What is its work alone: it copies the server's own files, and shows files of mounts to people who browse.</summary>
    internal OwnWork Work => WorkOf(Guid);

    /// <summary>The same, as the catalog knows that node; of nobody when it never had one.</summary>
    internal static async Task<OwnWork> WorkAsync(CatalogSession session, CancellationToken cancellationToken) =>
        WorkOf(await session.Settings.FindAsync(Key, cancellationToken) is { } known ? JsonSerializer.Deserialize<Guid>(known.Value) : Guid.Empty);

    /// <summary>Begins its next life; the row is made at the first start, or when somebody deleted it.</summary>
    internal static async Task<LocalNode> BeginAsync(CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Setting? known = await transaction.Settings.FindAsync(Key, cancellationToken);
        Guid guid = known is null ? Guid.CreateVersion7() : JsonSerializer.Deserialize<Guid>(known.Value);
        if (await transaction.Nodes.FindAsync(guid, cancellationToken) is null)
        {
            var node = new Node { Guid = guid, Name = await FreeNameAsync(transaction, cancellationToken), State = NodeState.Online, EnrolledAt = time.GetUtcNow() };
            await transaction.Nodes.InsertAsync(node, cancellationToken);
            await transaction.Settings.SetAsync(Key, JsonSerializer.Serialize(guid), version: null, cancellationToken);
        }

        NodeState state = (await transaction.Nodes.GetAsync(guid, cancellationToken)).State;
        await transaction.Nodes.NextGenerationAsync(guid, state == NodeState.Maintenance ? state : NodeState.Online, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new LocalNode(guid);
    }

    private static OwnWork WorkOf(Guid node) => new(node, [TaskType.ApplianceBackup, TaskType.Mount, TaskType.Unmount]);

    private static async Task<string> FreeNameAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        string name = Environment.MachineName.ToLowerInvariant();
        return (await session.Nodes.CallersAsync(cancellationToken)).All(node => node.NameKey != name) ? name : $"{name}-{Guid.CreateVersion7():N}";
    }
}
