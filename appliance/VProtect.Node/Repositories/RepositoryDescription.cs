using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Store;
using VProtect.Node.Execution;
using VProtect.Node.Mounts;

namespace VProtect.Node.Repositories;

/// <summary>What a repository holds, as a server is told.</summary>
public static class RepositoryDescription
{
    /// <summary>Reads it: all restore points, holds, and how much space it takes and has.</summary>
    /// <param name="repository">Which.</param>
    /// <param name="warn">Told of restore points that are damaged; they are left out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<RepositoryResult> ReadAsync(Repository repository, Action<string> warn, CancellationToken cancellationToken)
    {
        PointListing listing = await repository.ReadPointsAsync(cancellationToken);
        foreach (IntegrityException damage in listing.Damaged.Values)
        {
            warn(damage.Message);
        }

        IReadOnlyDictionary<string, PointHold> holds = await repository.ListHoldsAsync(cancellationToken);
        long usedBytes = 0;
        await foreach (ObjectInfo item in repository.Store.ListAsync("packs/", cancellationToken))
        {
            usedBytes += item.SizeBytes;
        }

        StoreSpace? space = await repository.Store.GetSpaceAsync(cancellationToken);
        return new RepositoryResult(
            repository.Id, WasCreated: false, RecoveryKey: null, space?.TotalBytes, space?.FreeBytes, usedBytes,
            listing.Points.Sum(point => point.MachineDisks.Sum(disk => disk.SizeBytes)),
            [.. listing.Points.Select(point => new FoundPoint(
                point.Id, point.Machine, point.CreatedAt, holds.TryGetValue(point.Id, out PointHold? hold) && hold.Reason != MountedPoint.Reason,
                [.. point.MachineDisks.Select(disk => ResultDisks.Of(disk, name: null))], point.Label))]);
    }
}
