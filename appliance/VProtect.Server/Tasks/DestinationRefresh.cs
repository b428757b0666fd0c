using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Server.Tasks.Outcomes;

namespace VProtect.Server.Tasks;

/// <summary>Looks what destinations hold and how much room they have.</summary>
internal sealed class DestinationRefresh(
    CatalogDatabase catalog, References references, Errands errands, FollowUps followUps, RepositoryReconciliation reconciliation, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>Looks at a destination soon.</summary>
    public void Soon(Guid destination) => followUps.Post($"Look at destination {destination}", cancellationToken => RunAsync(destination, cancellationToken));

    /// <summary>Looks at a destination and writes down what was found, also that it could not be reached.</summary>
    public async Task RunAsync(Guid guid, CancellationToken cancellationToken)
    {
        DateTimeOffset askedAt = time.GetUtcNow();
        RepositoryResult? found = null;
        VProtectException? failure = null;
        try
        {
            RepositoryReference repository;
            await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
            {
                if (await session.Destinations.FindAsync(guid, cancellationToken) is not { } known)
                {
                    return;
                }

                repository = await references.RepositoryAsync(session, known, cancellationToken);
            }

            found = await errands.RunAsync(new OpenRepositoryWork(repository, CreatesIfMissing: false), Timeout, cancellationToken) as RepositoryResult;
        }
        catch (VProtectException told) when (told.Code != ErrorCode.NoNode)
        {
            failure = told;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        if (await transaction.Destinations.FindAsync(guid, cancellationToken) is not { } destination)
        {
            return;
        }

        if (found is not null)
        {
            await reconciliation.ApplyAsync(transaction, destination, found, askedAt, cancellationToken);
        }
        else
        {
            await transaction.Destinations.RecordStateAsync(
                guid, failure?.Retry == RetryAdvice.Never ? ConnectionState.Failed : ConnectionState.Offline, failure?.Message, destination.UsedBytes,
                destination.AvailableBytes, destination.LogicalBytes, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
