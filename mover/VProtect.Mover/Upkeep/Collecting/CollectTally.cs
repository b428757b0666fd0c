using VProtect.Abstractions;

namespace VProtect.Mover.Upkeep.Collecting;

/// <summary>What a run has done so far, and whom it tells. Used by one task but for what says otherwise.</summary>
internal sealed class CollectTally(IProgress<CollectProgress>? progress)
{
    private string _step = "";
    private string? _unit;
    private long _done;
    private long _total;
    private long _packsLookedAt;

    public int PointsRemoved { get; set; }

    public int PointsCounted { get; set; }

    public long NodesRead { get; private set; }

    public int LeasesBroken { get; set; }

    public long PacksLookedAt => Volatile.Read(ref _packsLookedAt);

    public int PacksRemoved { get; set; }

    public long FreedBytes { get; set; }

    public long RewrittenBytes { get; set; }

    /// <summary>Whether something was not condemned, since it may be a running writer's.</summary>
    public bool IsHeldBackByWriter { get; set; }

    public bool IsRewritingCutShort { get; set; }

    public List<IntegrityException> Damage { get; } = [];

    /// <summary>A step begins.</summary>
    /// <param name="step">In a few words.</param>
    /// <param name="total">What it counts to; 0 when that is not known.</param>
    /// <param name="unit">What it counts, in the plural; null for nothing.</param>
    public void Begin(string step, long total = 0, string? unit = null)
    {
        (_step, _total, _unit, _done) = (step, total, unit, 0);
        Report();
    }

    /// <summary>One more of the step is done.</summary>
    public void Advance()
    {
        _done++;
        Report();
    }

    /// <summary>One more node was read.</summary>
    public void AddNode()
    {
        NodesRead++;
        if (NodesRead % 1024 == 0)
        {
            Report();
        }
    }

    /// <summary>One more table of contents was read. Safe from several threads.</summary>
    public void CountLook() => Interlocked.Increment(ref _packsLookedAt);

    private void Report() => progress?.Report(new CollectProgress(_step, _done, _total, _unit));
}
