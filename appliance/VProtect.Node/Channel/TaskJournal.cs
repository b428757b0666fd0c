using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Channel;

/// <summary>How far something is, in bytes.</summary>
internal readonly record struct Amounts(long DoneBytes, long TotalBytes, long StoredBytes);

/// <summary>
/// What an order has to tell: written by its work, from any thread; taken by its reporter. What was not acknowledged is told again.
/// </summary>
internal sealed class TaskJournal(TaskOrder order, SecretScrubber scrubber, TimeProvider time)
{
    /// <summary>Lines kept while the server does not answer; of more, only their number.</summary>
    private const int LinesMax = 2000;
    private const int LinesPerReport = 200;
    private const int LineCharsMax = 2000;

    private readonly Lock _lock = new();
    private readonly List<TaskLine> _lines = [];
    private readonly Dictionary<string, string> _checkpoints = new(StringComparer.Ordinal);
    private Func<(string Stage, Amounts Amounts)> _now = () => ("starting", default);
    private int _heard;
    private int _dropped;

    /// <summary>What is going on now.</summary>
    public string Stage => scrubber.Clean(Volatile.Read(ref _now)().Stage);

    /// <summary>A text that leaves the order otherwise, without secrets.</summary>
    public string Clean(string text) => scrubber.Clean(text);

    /// <summary>Enters a stage that has no amounts.</summary>
    public void Enter(string stage) => Volatile.Write(ref _now, () => (stage, default));

    /// <summary>Enters a stage that is asked how far it is; from any thread.</summary>
    public void Follow(Func<(string Stage, Amounts Amounts)> now) => Volatile.Write(ref _now, now);

    /// <summary>Stops asking: what was told last stays.</summary>
    public void Hold(string stage)
    {
        Amounts last = Volatile.Read(ref _now)().Amounts;
        Volatile.Write(ref _now, () => (stage, last));
    }

    /// <summary>Adds a line.</summary>
    public void Write(LineLevel level, string text)
    {
        string clean = scrubber.Clean(text);
        clean = clean.Length > LineCharsMax ? clean[..LineCharsMax] + "…" : clean;
        lock (_lock)
        {
            if (_lines.Count < LinesMax)
            {
                _lines.Add(new TaskLine(time.GetUtcNow(), level, clean));
            }
            else
            {
                _dropped++;
            }
        }
    }

    /// <summary>Notes what a later attempt need not do again.</summary>
    public void SetCheckpoint(string stage, string record)
    {
        lock (_lock)
        {
            _checkpoints[stage] = record;
        }
    }

    /// <summary>What is to be told now.</summary>
    public TaskReport NextReport()
    {
        (string stage, Amounts amounts) = Volatile.Read(ref _now)();
        lock (_lock)
        {
            return new TaskReport
            {
                TaskGuid = order.TaskGuid,
                Attempt = order.Attempt,
                Stage = scrubber.Clean(stage),
                DoneBytes = amounts.DoneBytes,
                TotalBytes = amounts.TotalBytes,
                StoredBytes = amounts.StoredBytes,
                Lines = [.. _lines.Take(LinesPerReport)],
                LinesBefore = _heard,
                Checkpoints = new Dictionary<string, string>(_checkpoints, StringComparer.Ordinal),
            };
        }
    }

    /// <summary>It has been heard.</summary>
    public void Acknowledge(TaskReport report)
    {
        lock (_lock)
        {
            _lines.RemoveRange(0, report.Lines.Count);
            _heard += report.Lines.Count;
            foreach ((string stage, string record) in report.Checkpoints)
            {
                if (_checkpoints.GetValueOrDefault(stage) == record)
                {
                    _checkpoints.Remove(stage);
                }
            }
        }
    }

    /// <summary>Lines that no report is known to have told, for the outcome, and how many were told before them.</summary>
    public (IReadOnlyList<TaskLine> Lines, int Before) TakeRest()
    {
        lock (_lock)
        {
            if (_dropped > 0)
            {
                _lines.Add(new TaskLine(time.GetUtcNow(), LineLevel.Warning, $"{Quantity.Of(_dropped, "further line was", "further lines were")} not kept while the server did not answer."));
            }

            TaskLine[] rest = [.. _lines];
            _lines.Clear();
            return (rest, _heard);
        }
    }
}
