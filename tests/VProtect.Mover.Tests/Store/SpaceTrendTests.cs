using VProtect.Abstractions;
using VProtect.Mover.Store;

namespace VProtect.Mover.Tests.Store;

public sealed class SpaceTrendTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 1, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Even_growth_is_its_daily_amount_and_one_odd_day_moves_it_little()
    {
        List<RestorePoint> points = [.. Enumerable.Range(0, 20).SelectMany(day => new[] { Point(day, 60), Point(day, 40) })];
        Assert.Equal(100, SpaceTrend.Of(points)!.BytesPerDay);
        Assert.Equal(10, SpaceTrend.Of(points)!.DaysUntilFull(1000));
        points.Add(Point(19, 1_000_000));
        Assert.Equal(100, SpaceTrend.Of(points)!.BytesPerDay);
    }

    [Fact]
    public void First_backups_and_what_is_older_than_thirty_days_do_not_count()
    {
        List<RestorePoint> points = [.. Enumerable.Range(100, 30).Select(day => Point(day, 10))];
        points.AddRange(Enumerable.Range(0, 40).Select(day => Point(day, 5_000)));
        points.AddRange(Enumerable.Range(100, 30).Select(day => Point(day, 1_000_000, BackupMode.Full)));
        Assert.Equal(10, SpaceTrend.Of(points)!.BytesPerDay);
    }

    [Fact]
    public void Weekly_backups_have_a_trend_and_two_days_have_none()
    {
        Assert.InRange(SpaceTrend.Of([.. Enumerable.Range(0, 5).Select(week => Point(7 * week, 700))])!.BytesPerDay, 90, 130);
        Assert.Null(SpaceTrend.Of([Point(0, 100), Point(1, 100), Point(1, 100)]));
        Assert.Null(SpaceTrend.Of([]));
        Assert.Null(SpaceTrend.Of([.. Enumerable.Range(0, 9).Select(day => Point(day, 0))])!.DaysUntilFull(1000));
    }

    [Fact]
    public void A_delta_is_expected_to_shrink_as_those_before_did()
    {
        List<RestorePoint> history = [Point(0, 4_000, BackupMode.Full), .. Enumerable.Range(1, 4).Select(day => Point(day, 250, BackupMode.Delta))];
        var delta = new ChangedBlocks.Delta([new Extent(0, 2_000, ExtentKind.Data), new Extent(5_000, 1_000, ExtentKind.Zero)]);
        Assert.Equal(500, SpaceEstimate.ExpectedBytes("disk0", 10_000, delta, history, history));

        // The first delta of a machine: as first backups did for what they read.
        Assert.Equal(2_000, SpaceEstimate.ExpectedBytes("disk0", 10_000, delta, [], [history[0] with { Disks = [history[0].Disks[0] with { StoredBytes = 1_000 }] }]));
        Assert.Null(SpaceEstimate.ExpectedBytes("disk0", 10_000, delta, [], []));
    }

    [Fact]
    public void A_disk_read_whole_is_expected_to_store_what_it_did_lately_or_what_first_backups_did()
    {
        List<RestorePoint> history = [Point(0, 4_000, BackupMode.Full), Point(1, 300), Point(2, 100)];
        Assert.Equal(300, SpaceEstimate.ExpectedBytes("disk0", 10_000, new ChangedBlocks.MustFull("why"), history, history));
        Assert.Equal(8_000, SpaceEstimate.ExpectedBytes("disk0", 20_000, null, [], history));
        Assert.Null(SpaceEstimate.ExpectedBytes("disk0", null, null, [], history));
        Assert.Null(SpaceEstimate.ExpectedBytes("disk0", 20_000, null, [], []));
    }

    private static RestorePoint Point(int day, long storedBytes, BackupMode mode = BackupMode.Compare) => new()
    {
        Id = new string('0', 32),
        Machine = "vm",
        Sequence = 1,
        Parent = null,
        CreatedAt = _start.AddDays(day),
        Duration = TimeSpan.Zero,
        Label = null,
        Disks =
        [
            new RestorePointDisk
            {
                Name = "disk0", SizeBytes = 10_000, Root = ChunkId.Zero, Token = null, Mode = mode, Reason = null, ReadBytes = 1_000,
                ChangedBytes = 0, NewBytes = 0, StoredBytes = storedBytes,
            },
        ],
    };
}
