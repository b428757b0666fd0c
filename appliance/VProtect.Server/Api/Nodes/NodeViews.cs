using System.Text.Json;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Nodes;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Nodes;

/// <summary>A node as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="NodeIP">Where it was last heard from.</param>
/// <param name="LastSeen">When it was last heard of.</param>
/// <param name="Version">Version of its program.</param>
/// <param name="State">Where it stands.</param>
/// <param name="StagingSpace">Its working space.</param>
/// <param name="NodeConfig">Settings that it shares with other nodes.</param>
/// <param name="MaxTasks">Tasks that it runs at once, at most.</param>
/// <param name="Capabilities">What it can do: platforms and kinds of work.</param>
/// <param name="EnrolledAt">When it joined.</param>
/// <param name="Joins">Whether it joins with a token; the one in the server's own process does not.</param>
internal sealed record NodeView(
    Guid Guid, string Name, string? NodeIP, DateTimeOffset? LastSeen, string? Version, NodeState State, SpaceView StagingSpace, NameAndGuid? NodeConfig,
    int MaxTasks, IReadOnlyList<string> Capabilities, DateTimeOffset EnrolledAt, bool Joins)
{
    public static NodeView Of(Node node, NameLookup configs) => new(
        node.Guid, node.Name, node.Address, node.LastSeenAt, node.ProgramVersion, node.State, new SpaceView(node.StagingTotalBytes, node.StagingUsedBytes),
        configs[node.NodeConfigGuid], node.MaxTasks, node.Capabilities, node.EnrolledAt,
        node.CertificateThumbprint is not null || node.State == NodeState.Pending);
}

/// <summary>Space, in bytes.</summary>
/// <param name="TotalSpace">Size.</param>
/// <param name="UsedSpace">Used of it.</param>
internal sealed record SpaceView(long TotalSpace, long UsedSpace);

/// <summary>What can be changed of a node; what is missing stays as it is.</summary>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="MaxTasks">Tasks that it runs at once, 1 to 64.</param>
/// <param name="NodeConfig">Settings that it shares with other nodes.</param>
internal sealed record NodeRequest(string? Name, int? MaxTasks, NameAndGuid? NodeConfig);

/// <summary>What a new node needs to join.</summary>
/// <param name="Guid">The node.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Token">Shown now only; whoever has it may join as this node, once.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="Server">Host and port that the node is to call: the host by which this request came.</param>
/// <param name="Command">What to run on the node's machine.</param>
internal sealed record NodeJoinView(Guid Guid, string Name, string Token, DateTimeOffset? ExpiresAt, string Server, string Command)
{
    public static NodeJoinView Of(Node node, JoinToken token, HttpContext context, int port, string command = "vprotect node join")
    {
        string server = new HostString(context.Request.Host.Host, port).ToUriComponent();
        return new NodeJoinView(node.Guid, node.Name, token.ToWord(), node.TokenExpiresAt, server, $"{command} --at {server} --token {token.ToWord()}");
    }
}

/// <summary>Settings that several nodes share.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Settings">Limits and paths of the nodes, by name.</param>
/// <param name="DefaultConfiguration">Whether new nodes get it.</param>
internal sealed record NodeConfigView(Guid Guid, string Name, string? Description, IReadOnlyDictionary<string, JsonElement> Settings, bool DefaultConfiguration)
{
    public static NodeConfigView Of(NodeConfig config) => new(
        config.Guid, config.Name, config.Description, JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(config.Settings)!, config.IsDefault);
}

/// <summary>Settings of nodes as clients write them; what is missing stays as it is.</summary>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Settings">
/// Limits, paths and rates of the nodes, by name; replaces all. <c>runningTasksMax</c> 1 to 64, <c>allowedTaskTypes</c> types of tasks, <c>restorePaths</c> absolute directories, <c>backupBytesPerSecondMax</c> 1048576 at least, <c>mountCacheBytesMax</c> bytes of local disk, 0 for none, <c>mountCacheHoldsShares</c> true or false, <c>mountStallSecondsMax</c> 5 to 86400, <c>workPath</c> an absolute directory for temporary work.
/// </param>
/// <param name="DefaultConfiguration">Whether new nodes get it; there is one such, at most.</param>
internal sealed record NodeConfigRequest(string? Name, string? Description, IReadOnlyDictionary<string, JsonElement>? Settings, bool? DefaultConfiguration);
