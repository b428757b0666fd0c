using VProtect.Catalog;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Scheduling;

/// <summary>Every hour: forgets tasks that ended long ago, old idempotency keys and sessions, and keeps the catalog's statistics fresh.</summary>
internal sealed class Pruning(CatalogDatabase catalog, LiveSettings settings, TimeProvider time) : IUpkeep
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private DateTimeOffset _last;

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now - _last < Every)
        {
            return;
        }

        _last = now;
        DateTimeOffset ended = now.AddMilliseconds(-settings.Current.EndedTaskRetention);
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            await transaction.Tasks.DeleteEndedAsync(ended, cancellationToken);
            await transaction.Workflows.DeleteEmptyAsync(ended, cancellationToken);
            await transaction.Idempotency.RemoveOlderAsync(now.AddMilliseconds(-settings.Current.IdempotencyRetention), cancellationToken);
            await transaction.Sessions.RemoveEndedAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await catalog.MaintainAsync(cancellationToken);
    }
}
