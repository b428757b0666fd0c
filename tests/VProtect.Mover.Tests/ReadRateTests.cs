namespace VProtect.Mover.Tests;

public sealed class ReadRateTests
{
    [Fact]
    public void Over_time_no_more_is_read_than_told()
    {
        var time = new ManualTime();
        var rate = new ReadRate(1_000_000, time);
        double waited = 0;
        for (int i = 0; i < 100; i++)
        {
            TimeSpan wait = rate.Take(500_000);
            waited += wait.TotalSeconds;
            time.Advance(wait);
        }

        Assert.InRange(waited, 49.7, 50.1);

        // A pause is not made up for by a burst of more than a quarter of a second's worth.
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, rate.Take(250_000));
        Assert.True(rate.Take(250_000) > TimeSpan.FromSeconds(0.2));
    }

    [Fact]
    public void Rate_that_is_changed_holds_from_the_next_read_on()
    {
        var rate = new ReadRate(0, new ManualTime());
        Assert.Equal(TimeSpan.Zero, rate.Take(500_000));
        rate.BytesPerSecond = 1_000_000;
        Assert.Equal(TimeSpan.FromSeconds(0.5), rate.Take(500_000));
        rate.BytesPerSecond = 0;
        Assert.Equal(TimeSpan.Zero, rate.Take(500_000));
    }

    [Fact]
    public async Task Without_a_limit_nobody_waits() => await new ReadRate(0, new ManualTime()).WaitAsync(int.MaxValue, default);

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
