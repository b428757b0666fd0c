using System.Diagnostics;

namespace VProtect.Appliance.Cli;

/// <summary>Rate and time left, from the samples of the last seconds.</summary>
internal sealed class Pace
{
    /// <summary>Long enough to be steady, short enough to follow a change.</summary>
    private static readonly TimeSpan _window = TimeSpan.FromSeconds(10);

    private readonly Queue<(long Timestamp, long Done, long WorkedBytes)> _samples = new();
    private double _workedPerSecond;
    private double _donePerSecond;

    /// <summary><c>512 MiB/s</c>, or empty when nothing can be told.</summary>
    public string Rate => _workedPerSecond > 0 ? SizeText.Of((long)_workedPerSecond) + "/s" : "";

    /// <summary><c>4 min 05 s left</c>, or empty.</summary>
    public string Left(in ProgressSample now) =>
        now.Total > now.Done && _donePerSecond > 0 && (now.Total - now.Done) / _donePerSecond is var seconds and < 360_000
            ? $"{SizeText.OfWhole(TimeSpan.FromSeconds(seconds))} left"
            : "";

    /// <summary>Takes note of a sample.</summary>
    public void Add(in ProgressSample now, long timestamp)
    {
        while (_samples.Count > 2 && Stopwatch.GetElapsedTime(_samples.Peek().Timestamp, timestamp) > _window)
        {
            _samples.Dequeue();
        }

        _samples.Enqueue((timestamp, now.Done, now.WorkedBytes));
        (long since, long done, long worked) = _samples.Peek();
        double seconds = Stopwatch.GetElapsedTime(since, timestamp).TotalSeconds;
        _donePerSecond = seconds > 0 ? (now.Done - done) / seconds : 0;
        _workedPerSecond = seconds > 0 ? (now.WorkedBytes - worked) / seconds : 0;
    }
}
