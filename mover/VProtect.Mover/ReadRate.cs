namespace VProtect.Mover;

/// <summary>Holds readers back so that together they read no faster than told: a bucket that holds a quarter of a second. Safe from several threads.</summary>
/// <param name="bytesPerSecond">To begin with; 0 no limit.</param>
/// <param name="time">For periods.</param>
public sealed class ReadRate(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _stamp = time.GetTimestamp();
    private double _bytes;
    private long _bytesPerSecond = bytesPerSecond;

    /// <summary>How fast, at most; 0 no limit. A change holds from the next read on.</summary>
    public long BytesPerSecond
    {
        get => Interlocked.Read(ref _bytesPerSecond);
        set => Interlocked.Exchange(ref _bytesPerSecond, value);
    }

    /// <summary>Waits until so many bytes may be read. Larger than the bucket is allowed: it is paid for before the next.</summary>
    public async ValueTask WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait = Take(bytes);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <summary>Takes the bytes at once, into debt where there are too few, and tells how long that debt takes to pay.</summary>
    internal TimeSpan Take(int bytes)
    {
        long rate = BytesPerSecond;
        if (rate <= 0)
        {
            return TimeSpan.Zero;
        }

        lock (_lock)
        {
            long now = time.GetTimestamp();
            _bytes = Math.Min(rate / 4.0, _bytes + (time.GetElapsedTime(_stamp, now).TotalSeconds * rate)) - bytes;
            _stamp = now;
            return _bytes >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_bytes / rate);
        }
    }
}
