using VProtect.Catalog.RestorePoints;

namespace VProtect.Server.Policies.Retention;

/// <summary>
/// Points + settings + now → what stays and what goes, each with its reason. Pure: the task that removes, the preview and the simulator
/// of the API ask the same question here.
/// </summary>
/// <remarks>
/// The points are those of one machine in one destination under one rule, all of them restorable. For each, the first that applies:
/// <list type="number">
/// <item>held, locked, archived: stays;</item>
/// <item>the newest not marked for removal (when all are marked, the newest) and the machine is protected: stays;</item>
/// <item>marked: goes;</item>
/// <item>has a slot: stays;</item>
/// <item>past either bound of its kind: goes; within them: stays;</item>
/// <item>no bound for its kind: goes when the rule has slots, stays when it has none.</item>
/// </list>
/// Points that are held, archived or marked take no slot and do not count as versions: the rule is about the others.
/// </remarks>
internal static class RetentionSimulator
{
    /// <summary>Decides.</summary>
    /// <param name="points">In any order; each once.</param>
    /// <param name="settings">What the rule keeps.</param>
    /// <param name="machinePresent">Whether the machine still exists.</param>
    /// <param name="now">Ages are taken at this instant.</param>
    /// <returns>A decision for each point, the newest first.</returns>
    public static IReadOnlyList<RetentionDecision> Decide(
        IReadOnlyCollection<RetentionPoint> points, RetentionSettings settings, bool machinePresent, DateTimeOffset now)
    {
        RetentionPoint[] newestFirst = [.. points.OrderByDescending(point => point.CreatedAt).ThenByDescending(point => point.Guid)];
        RetentionPoint[] counted = [.. newestFirst.Where(point => !point.Held && point.Hint == RetentionHint.StandardRetention)];
        RetentionPoint? last = settings.KeepLastWhilePresent && machinePresent
            ? newestFirst.FirstOrDefault(point => point.Hint != RetentionHint.ToRemove) ?? newestFirst.FirstOrDefault()
            : null;
        IReadOnlyDictionary<Guid, RetentionReason> slots = settings.Slots.Choose(counted, settings.Zone);
        Dictionary<Guid, int> ranks = counted
            .GroupBy(point => point.Type)
            .SelectMany(kind => kind.Select((point, rank) => (point.Guid, rank)))
            .ToDictionary(ranked => ranked.Guid, ranked => ranked.rank);
        return [.. newestFirst.Select(point => new RetentionDecision(point, Reason(point)))];

        RetentionReason Reason(RetentionPoint point) => point switch
        {
            { Held: true } => RetentionReason.Held,
            { LockedUntil: { } until } when until > now => RetentionReason.Locked,
            { Hint: RetentionHint.Archive } => RetentionReason.Archived,
            _ when point == last => RetentionReason.LastOfPresentMachine,
            { Hint: RetentionHint.ToRemove } => RetentionReason.Marked,
            _ when slots.TryGetValue(point.Guid, out RetentionReason slot) => slot,
            _ => Bounded(point, point.Type == BackupType.Full ? settings.Full : settings.Incremental),
        };

        RetentionReason Bounded(RetentionPoint point, RetentionBound bound)
        {
            if (!bound.IsSet)
            {
                return settings.Slots.IsSet ? RetentionReason.NoSlot : RetentionReason.NoBound;
            }

            if (ranks[point.Guid] >= bound.Versions)
            {
                return RetentionReason.TooMany;
            }

            return now - point.CreatedAt > bound.Age ? RetentionReason.TooOld : RetentionReason.WithinBounds;
        }
    }
}
