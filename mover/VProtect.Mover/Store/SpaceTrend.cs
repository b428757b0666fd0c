namespace VProtect.Mover.Store;

/// <summary>
/// How fast the machines that are protected fill a repository. Robust: of the bytes stored day by day, added up, the median slope over all
/// pairs of days (Theil–Sen), so that one unusual day moves nothing. First backups of a disk are left out: they happen once.
/// </summary>
public sealed record SpaceTrend
{
    private const int Days = 30;
    private const int DaysMin = 3;

    private SpaceTrend(long bytesPerDay) => BytesPerDay = bytesPerDay;

    /// <summary>Bytes that backups add a day; at least 0. What is forgotten and collected is not counted against it.</summary>
    public long BytesPerDay { get; }

    /// <summary>The trend of the 30 days up to the latest restore point; null when there is not enough history: less than three days with later backups.</summary>
    /// <param name="points">Restore points, in any order.</param>
    public static SpaceTrend? Of(IEnumerable<RestorePoint> points)
    {
        var storedByDay = new SortedDictionary<int, long>();
        foreach (RestorePoint point in points)
        {
            int day = DateOnly.FromDateTime(point.CreatedAt.UtcDateTime).DayNumber;
            long stored = point.Disks.Where(disk => disk.Mode != BackupMode.Full).Sum(disk => Math.Max(0, disk.StoredBytes));
            if (point.Disks.Any(disk => disk.Mode != BackupMode.Full))
            {
                storedByDay[day] = storedByDay.GetValueOrDefault(day) + stored;
            }
        }

        if (storedByDay.Count == 0)
        {
            return null;
        }

        int last = storedByDay.Keys.Last();
        int first = storedByDay.Keys.First(day => day > last - Days);
        if (storedByDay.Keys.Count(day => day >= first) < DaysMin)
        {
            return null;
        }

        long sum = 0;
        long[] sums = [.. Enumerable.Range(first, last - first + 1).Select(day => sum += storedByDay.GetValueOrDefault(day))];
        double[] slopes =
            [.. Enumerable.Range(0, sums.Length).SelectMany(i => Enumerable.Range(i + 1, sums.Length - i - 1).Select(j => (sums[j] - sums[i]) / (double)(j - i)))];
        Array.Sort(slopes);
        return new SpaceTrend((long)slopes[slopes.Length / 2]);
    }

    /// <summary>Days until that much room is used up; null when nothing is added.</summary>
    /// <param name="roomBytes">Free bytes less the reserve.</param>
    public double? DaysUntilFull(long roomBytes) => BytesPerDay <= 0 ? null : Math.Max(0, roomBytes) / (double)BytesPerDay;
}
