using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Collection;

namespace VProtect.Mover.Store;

/// <summary>What an operator can do about a repository that is short of space, most fruitful first.</summary>
internal static class SpaceAdvice
{
    private const int PointsNamedMax = 3;

    /// <summary>A sentence or two. Reads restore points and marks, no packs.</summary>
    public static async Task<string> GetAsync(Repository repository, CancellationToken cancellationToken)
    {
        long condemned = 0;
        foreach (PackId pack in (await CollectionState.FindAsync(repository, cancellationToken)).PackIds)
        {
            condemned += await repository.Store.GetSizeAsync(PackFormat.Key(pack), cancellationToken) ?? 0;
        }

        if (condemned > 0)
        {
            return $"Run 'vprotect repo gc': it frees up to {condemned.ToString("N0", CultureInfo.InvariantCulture)} bytes at once.";
        }

        int forgotten = (await repository.ListMarksAsync("forgotten/", cancellationToken)).Count;
        if (forgotten > 0)
        {
            return $"Run 'vprotect repo gc' twice: {Quantity.Of(forgotten, "restore point is", "restore points are")} forgotten and not collected yet.";
        }

        string[] oldest = await GetOldestAsync(repository, cancellationToken);
        return oldest.Length == 0
            ? "Every restore point is held or its machine's latest: nothing is there that could well be forgotten."
            : $"Forget restore points you no longer need ('vprotect forget {string.Join(' ', oldest)}' takes the oldest), then run 'vprotect repo gc' twice.";
    }

    /// <summary>The oldest that are neither held nor their machine's latest.</summary>
    private static async Task<string[]> GetOldestAsync(Repository repository, CancellationToken cancellationToken)
    {
        IReadOnlyList<RestorePoint> points = (await repository.ReadPointsAsync(cancellationToken)).Points;
        IReadOnlyDictionary<string, PointHold> holds = await repository.ListHoldsAsync(cancellationToken);
        HashSet<string> latest = [.. points.GroupBy(point => point.Machine).Select(machine => machine.MaxBy(point => point.Sequence)!.Id)];
        return
        [
            .. points.Where(point => !latest.Contains(point.Id) && !holds.ContainsKey(point.Id))
                .OrderBy(point => point.CreatedAt).Take(PointsNamedMax).Select(point => point.Id[..8]),
        ];
    }
}
