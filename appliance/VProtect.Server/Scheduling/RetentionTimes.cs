using System.Globalization;
using System.Text.Json;
using VProtect.Catalog;
using VProtect.Catalog.Settings;
using VProtect.Server.Api.Settings;
using VProtect.Server.Policies.Retention;
using VProtect.Server.Rebuild;

namespace VProtect.Server.Scheduling;

/// <summary>Retention once a day. What day it was is kept in the catalog, so that a restart does it neither twice nor not at all.</summary>
internal sealed class RetentionTimes(CatalogDatabase catalog, RetentionRun backups, SnapshotRetention snapshots, Succession succession, LiveSettings settings, TimeProvider time) : IUpkeep
{
    private const string Key = "retentionDay";

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (succession.IsSuperseded)
        {
            return;
        }

        DateTime begun = time.GetUtcNow().UtcDateTime.AddMilliseconds(-settings.Current.RetentionHour);
        string day = JsonSerializer.Serialize(begun.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            Setting? last = await session.Settings.FindAsync(Key, cancellationToken);
            if (last?.Value == day)
            {
                return;
            }
        }

        await backups.RunAsync(cancellationToken);
        await snapshots.RunAsync(cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Settings.SetAsync(Key, day, version: null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
