using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Scheduling;

/// <summary>Looks at every destination now and then, and collects once a day where something was forgotten since the last time.</summary>
internal sealed class DestinationTimes(CatalogDatabase catalog, DestinationRefresh refresh, TaskRequests requests, LiveSettings settings, TimeProvider time) : IUpkeep
{
    private static readonly TimeSpan CollectEvery = TimeSpan.FromHours(24);
    private readonly Dictionary<Guid, DateTimeOffset> _asked = [];

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Destination> destinations;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            destinations = (await session.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows;
        }

        foreach (Destination destination in destinations)
        {
            Refresh(destination);
            await CollectAsync(destination.Guid, cancellationToken);
        }
    }

    private void Refresh(Destination destination)
    {
        DateTimeOffset before = time.GetUtcNow().AddMilliseconds(-settings.Current.DestinationCheckInterval);
        if (settings.Current.DestinationCheckInterval > 0 && !(destination.CheckedAt > before)
            && !(_asked.TryGetValue(destination.Guid, out DateTimeOffset asked) && asked > before))
        {
            _asked[destination.Guid] = time.GetUtcNow();
            refresh.Soon(destination.Guid);
        }
    }

    private async Task CollectAsync(Guid destination, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        TaskType[] removals = [TaskType.Delete, TaskType.OldBackupsRemoval];
        DateTimeOffset? forgotten = await transaction.Tasks.LastFinishedAsync(removals, destination, cancellationToken);
        DateTimeOffset? collected = await transaction.Tasks.LastFinishedAsync([TaskType.Collect], destination, cancellationToken);
        if (forgotten is null || forgotten < collected || collected > time.GetUtcNow() - CollectEvery)
        {
            return;
        }

        foreach (TaskType type in (TaskType[])[TaskType.Collect, .. removals])
        {
            if (await transaction.Tasks.IsUnderWayAsync(type, source: null, destination, machine: null, cancellationToken))
            {
                return;
            }
        }

        await requests.CollectAsync(transaction, destination, new PlainRequest(), TaskOrigin.Appliance, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
