using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Node.Mounts;

/// <summary>The hold on a restore point that is mounted: neither this appliance nor anybody else who uses the repository forgets or collects it meanwhile.</summary>
internal static class MountedPoint
{
    /// <summary>How such a hold is told from others. It is the same for all mounts of a point, and goes with the last of them.</summary>
    public const string Reason = "Mounted by a VProtect appliance.";

    public static async Task<RestorePoint> FindAsync(Repository repository, string id, CancellationToken cancellationToken) =>
        (await repository.ReadPointsAsync(cancellationToken)).Points.FirstOrDefault(point => point.Id == id) ?? throw new VProtectException(
            ErrorCode.RestorePointNotFound, ErrorSide.Repository, $"Restore point {id[..Math.Min(8, id.Length)]} is not in the repository any more.",
            "Look at the destination again, and choose another restore point.");

    /// <summary>Holds a point; one that somebody holds already is left as it is.</summary>
    public static async Task HoldAsync(Repository repository, RestorePoint point, CancellationToken cancellationToken)
    {
        try
        {
            await repository.HoldAsync(point, Reason, cancellationToken);
        }
        catch (VProtectException held) when (held.Code == ErrorCode.RestorePointHeld)
        {
            // As good as ours, unless whoever holds it lets go: then the catalog still keeps it.
        }
    }

    /// <summary>Takes our hold off; somebody else's stays.</summary>
    public static async Task ReleaseAsync(Repository repository, string id, CancellationToken cancellationToken)
    {
        if ((await repository.ListHoldsAsync(cancellationToken)).TryGetValue(id, out PointHold? hold) && hold.Reason == Reason)
        {
            await repository.ReleaseAsync(await FindAsync(repository, id, cancellationToken), cancellationToken);
        }
    }
}
