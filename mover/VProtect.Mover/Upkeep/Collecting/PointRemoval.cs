using VProtect.Mover.Store;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>Removes forgotten restore points that nobody builds upon and nobody holds (FORMAT.md section 7, step 2 of a collector).</summary>
internal static class PointRemoval
{
    /// <summary>Removes them.</summary>
    /// <param name="repository">Where.</param>
    /// <param name="forgotten">Marks listed <b>before</b> the leases were read: a writer that such a point matters to has seen its mark, or its lease was seen.</param>
    /// <param name="leases">All that count.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Ids of the points that were there and are no more.</returns>
    public static async Task<HashSet<string>> RunAsync(
        Repository repository, IReadOnlySet<string> forgotten, OpenLeases leases, CancellationToken cancellationToken)
    {
        var removed = new HashSet<string>(StringComparer.Ordinal);
        if (leases.Unreadable.Count > 0)
        {
            return removed;
        }

        await repository.RemoveStaleClaimsAsync(cancellationToken);
        foreach (string point in forgotten.Where(point => !leases.Pins.Contains(point)))
        {
            if (await repository.RemoveForgottenAsync(point, cancellationToken))
            {
                removed.Add(point);
            }
        }

        return removed;
    }
}
