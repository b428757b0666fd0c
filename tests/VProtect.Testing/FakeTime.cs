namespace VProtect.Testing;

/// <summary>
/// A clock that stands until it is moved. Its monotonic time stamps go on as those of the system, and are moved with it. It has no timers of its own: those of the
/// system are used.
/// </summary>
public sealed class FakeTime : TimeProvider
{
    private readonly Lock _lock = new();
    private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private TimeSpan _passed;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return base.GetTimestamp() + (long)(_passed.TotalSeconds * TimestampFrequency);
        }
    }

    /// <summary>Time passes.</summary>
    public void Advance(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
            _passed += by;
        }
    }

    /// <summary>Somebody sets the clock forward or back; no time passes.</summary>
    public void SetBy(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
        }
    }
}
