using System.Collections.Concurrent;

namespace VProtect.Server.Tasks.Channel;

/// <summary>Bytes per second of late of running tasks: what counts for an estimate is what the last half minute was like. Safe for any number of callers.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Guid, Reading> _readings = new();

    /// <summary>Takes a new reading.</summary>
    /// <returns>Bytes per second; 0 at first.</returns>
    public long Next(Guid task, long doneBytes) => (long)_readings.AddOrUpdate(
        task,
        _ => new Reading(time.GetTimestamp(), doneBytes, Rate: 0),
        (_, before) => Joined(before, time.GetTimestamp(), doneBytes)).Rate;

    public void Forget(Guid task) => _readings.TryRemove(task, out _);

    private Reading Joined(Reading before, long now, long doneBytes)
    {
        double seconds = time.GetElapsedTime(before.At, now).TotalSeconds;
        if (seconds < 0.5)
        {
            // Too near to tell anything: the next reading spans both.
            return before;
        }

        double fresh = Math.Max(0, doneBytes - before.DoneBytes) / seconds;
        double weight = before.Rate == 0 ? 1 : Math.Min(1, seconds / Memory.TotalSeconds);
        return new Reading(now, doneBytes, (fresh * weight) + (before.Rate * (1 - weight)));
    }

    private sealed record Reading(long At, long DoneBytes, double Rate);
}
