using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Settings;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Scheduling;

/// <summary>Keeps a copy of the appliance in a repository, once a day or as the settings say. One that failed is tried again after an hour.</summary>
internal sealed class ApplianceBackupTimes(CatalogDatabase catalog, TaskRequests requests, LocalNode node, LiveSettings settings, TimeProvider time) : IUpkeep
{
    private static readonly TimeSpan TriedAgainAfter = TimeSpan.FromHours(1);
    private DateTimeOffset _asked;

    /// <summary>Where copies go: as the settings say, else the default destination, else the first; only into one that is encrypted. Null when there is none.</summary>
    public static async Task<Destination?> DestinationAsync(CatalogSession session, GlobalSettings settings, CancellationToken cancellationToken)
    {
        Destination[] encrypted =
        [
            .. (await session.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows.Where(destination => destination.SealedKey is not null),
        ];
        return settings.ApplianceBackupDestination is { } wanted
            ? encrypted.FirstOrDefault(destination => destination.Guid == wanted)
            : encrypted.FirstOrDefault(destination => destination.IsDefault) ?? encrypted.FirstOrDefault();
    }

    /// <summary>Whether another copy is to be made.</summary>
    /// <param name="last">When the last one was; null when there is none.</param>
    /// <param name="settings">How often, and when in the day.</param>
    /// <param name="now">Now.</param>
    public static bool IsDue(DateTimeOffset? last, GlobalSettings settings, DateTimeOffset now)
    {
        if (last is not { } before)
        {
            return true;
        }

        var interval = TimeSpan.FromMilliseconds(settings.ApplianceBackupInterval);
        if (settings.ApplianceBackupHour is not { } hour)
        {
            return before <= now - interval;
        }

        // The latest time of that name. Half a day early is not too early: else a copy that was late, or asked for, would make the next one skip its day.
        var at = new DateTimeOffset(now.UtcDateTime.Date.AddMilliseconds(hour), TimeSpan.Zero);
        at = at > now ? at.AddDays(-1) : at;
        return before < at && before <= at - interval + TimeSpan.FromHours(12);
    }

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!settings.Current.ApplianceBackup || _asked > now - TriedAgainAfter)
        {
            return;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (await DestinationAsync(transaction, settings.Current, cancellationToken) is not { } destination
            || !IsDue(await transaction.Tasks.LastFinishedAsync([TaskType.ApplianceBackup], destination.Guid, cancellationToken), settings.Current, now)
            || await transaction.Tasks.IsUnderWayAsync(TaskType.ApplianceBackup, source: null, destination.Guid, machine: null, cancellationToken))
        {
            return;
        }

        _asked = now;
        await requests.ApplianceBackupAsync(transaction, destination.Guid, node.Guid, new PlainRequest(), TaskOrigin.Appliance, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
