using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tasks;

namespace VProtect.Server.Api.Tasks;

/// <summary>Says of tasks that no node may do why that is, and what to do about it. What they have in common is read once.</summary>
internal sealed class WaitReasons
{
    private readonly CatalogSession _session;
    private readonly Dictionary<(TakerGap, TaskType, Guid?, Guid?, Guid?), string> _known = [];
    private IReadOnlyList<Node>? _nodes;

    private WaitReasons(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>The reasons, by task; none for those that a node may do.</summary>
    public static async Task<IReadOnlyDictionary<Guid, string>> OfAsync(CatalogSession session, IReadOnlyCollection<CatalogTask> tasks, CancellationToken cancellationToken)
    {
        var reasons = new Dictionary<Guid, string>();
        List<CatalogTask> waiting = [.. tasks.Where(task => task.State == TaskState.Queued)];
        if (waiting.Count == 0)
        {
            return reasons;
        }

        OwnWork own = await LocalNode.WorkAsync(session, cancellationToken);
        IReadOnlyDictionary<Guid, TakerGap> gaps = await session.Tasks.GapsAsync([.. waiting.Select(task => task.Guid)], own, cancellationToken);
        var texts = new WaitReasons(session);
        foreach (CatalogTask task in waiting)
        {
            if (gaps.TryGetValue(task.Guid, out TakerGap gap))
            {
                reasons[task.Guid] = await texts.OfAsync(task, gap, cancellationToken);
            }
        }

        return reasons;
    }

    private async Task<string> OfAsync(CatalogTask task, TakerGap gap, CancellationToken cancellationToken)
    {
        (TakerGap, TaskType, Guid?, Guid?, Guid?) key = (gap, task.Type, task.NodeGuid, task.SourceGuid, task.DestinationGuid);
        if (!_known.TryGetValue(key, out string? text))
        {
            _nodes ??= (await _session.Nodes.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
            text = gap switch
            {
                TakerGap.OwnWork => "Only the server's own node can do this, and it is not there. Start the server without '--role server'.",
                TakerGap.Node => NodeIsAway(task.NodeGuid),
                TakerGap.Source => Away(await SourceAsync(task, cancellationToken)),
                TakerGap.Platform => Unable(await SourceAsync(task, cancellationToken)),
                TakerGap.Destination => Away(await DestinationAsync(task, cancellationToken)),
                TakerGap.Type => $"The nodes that are online and could do this are given no work of the kind {ApiName.Of(task.Type)}: 'allowedTaskTypes' of their node configurations leaves it out. Allow it: vprotect node-config update NAME.",
                _ => Apart(await SourceAsync(task, cancellationToken), await DestinationAsync(task, cancellationToken)),
            };
            _known[key] = text;
        }

        return text;
    }

    private string NodeIsAway(Guid? guid) => _nodes!.FirstOrDefault(node => node.Guid == guid) is { } node
        ? $"Only the node '{node.Name}' can do this, and it is {ApiName.Of(node.State)}. Start it."
        : "The node that was to do this was removed. Cancel the task and ask for the work anew.";

    private string Away(Place place)
    {
        List<string> nodes = NodesOf(place);
        return place.Configs.Count == 0
            ? $"{place.Title} is the work of the server's own node, which is not there. Start the server without '--role server', or leave it to other nodes: {place.Command} --node-config NAME."
            : nodes.Count == 0
                ? $"{place.Title} is left to {place.Named}, which no node has. Give it to one: vprotect node update NODE --node-config {place.Configs[0].Name}."
                : $"{place.Title} is left to {place.Named}, and none of its nodes is online ({string.Join(", ", nodes)}). Start one, or give that configuration to another: vprotect node update NODE --node-config {place.Configs[0].Name}.";
    }

    private static string Unable(Place place) =>
        $"No node that is online and may work at {place.Title} can work with {place.Platform}: each lacks what that needs on its machine. The log of the node tells what to install.";

    private static string Apart(Place source, Place destination) =>
        $"No node that is online may work at both {source.Title} ({source.LeftTo}) and {destination.Title} ({destination.LeftTo}). Leave both to the same: {destination.Command} --node-config "
        + $"{(source.Configs.Count > 0 ? source.Configs[0].Name : "NAME")}.";

    private List<string> NodesOf(Place place) =>
        [.. _nodes!.Where(node => place.Configs.Any(config => config.Guid == node.NodeConfigGuid)).Select(node => $"{node.Name}: {ApiName.Of(node.State)}")];

    private async Task<Place> SourceAsync(CatalogTask task, CancellationToken cancellationToken)
    {
        Guid guid = task.SourceGuid ?? default;
        if (await _session.HypervisorManagers.FindAsync(guid, cancellationToken) is { } manager)
        {
            return new Place($"manager '{manager.Name}'", $"vprotect hvm update {manager.Name}", manager.Platform, await ConfigsAsync([manager.NodeConfigGuid], cancellationToken));
        }

        Hypervisor? host = await _session.Hypervisors.FindAsync(guid, cancellationToken);
        return new Place($"hypervisor '{host?.Name}'", $"vprotect hv update {host?.Name}", host?.Platform, await ConfigsAsync([host?.NodeConfigGuid], cancellationToken));
    }

    private async Task<Place> DestinationAsync(CatalogTask task, CancellationToken cancellationToken)
    {
        Guid guid = task.DestinationGuid ?? default;
        string? name = (await _session.Destinations.FindAsync(guid, cancellationToken))?.Name;
        IReadOnlyList<Guid> configs = await _session.Destinations.NodeConfigsAsync(guid, cancellationToken);
        return new Place($"destination '{name}'", $"vprotect destination update {name}", Platform: null, await ConfigsAsync([.. configs.Select(config => (Guid?)config)], cancellationToken));
    }

    private async Task<IReadOnlyList<NodeConfig>> ConfigsAsync(Guid?[] guids, CancellationToken cancellationToken)
    {
        var configs = new List<NodeConfig>();
        foreach (Guid guid in guids.OfType<Guid>())
        {
            configs.Add(await _session.NodeConfigs.GetAsync(guid, cancellationToken));
        }

        return configs;
    }

    /// <summary>A platform or destination, and the node configurations that it is left to.</summary>
    private sealed record Place(string Title, string Command, string? Platform, IReadOnlyList<NodeConfig> Configs)
    {
        public string Named => $"node configuration {string.Join(", ", Configs.Select(config => $"'{config.Name}'"))}";

        public string LeftTo => Configs.Count == 0 ? "the server's own node's" : $"left to {Named}";
    }
}
