using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Scheduling;

/// <summary>Reads the inventory of every platform now and then. One that fails is tried again after the same time.</summary>
internal sealed class InventoryTimes(CatalogDatabase catalog, TaskRequests requests, LiveSettings settings, TimeProvider time) : IUpkeep
{
    private readonly Dictionary<Guid, DateTimeOffset> _asked = [];

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (settings.Current.InventorySyncInterval == 0)
        {
            return;
        }

        DateTimeOffset before = time.GetUtcNow().AddMilliseconds(-settings.Current.InventorySyncInterval);
        List<(Guid Source, DateTimeOffset? At)> sources;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            IReadOnlyList<HypervisorManager> managers = (await session.HypervisorManagers.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
            IReadOnlyList<Hypervisor> hosts = await session.Hypervisors.AloneAsync(cancellationToken);
            sources = [.. managers.Select(manager => (manager.Guid, manager.SyncedAt)), .. hosts.Select(host => (host.Guid, host.LastSeenAt))];
        }

        foreach ((Guid source, DateTimeOffset? at) in sources)
        {
            if (!(at > before) && !(_asked.TryGetValue(source, out DateTimeOffset asked) && asked > before))
            {
                await AskAsync(source, cancellationToken);
            }
        }
    }

    private async Task AskAsync(Guid source, CancellationToken cancellationToken)
    {
        _asked[source] = time.GetUtcNow();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (!await transaction.Tasks.IsUnderWayAsync(TaskType.InventorySync, source, destination: null, machine: null, cancellationToken))
        {
            await requests.InventorySyncAsync(transaction, source, new PlainRequest(), TaskOrigin.Appliance, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }
}
