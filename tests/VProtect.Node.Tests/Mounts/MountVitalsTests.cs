using VProtect.Node.Mounts;

namespace VProtect.Node.Tests.Mounts;

/// <summary>When an administrator is told that a booted machine stands still.</summary>
public sealed class MountVitalsTests
{
    private readonly List<string?> _told = [];
    private long _free = 1 << 30;

    [Fact]
    public void A_machine_that_stands_still_for_long_is_told_once_and_once_when_it_runs_again()
    {
        MountVitals vitals = New();
        Look(vitals, stoodStill: true, MountVitals.LooksMin - 1);
        Look(vitals, stoodStill: false, 1);
        Assert.Empty(_told);

        _free = 100 << 10;
        Look(vitals, stoodStill: true, 3 * MountVitals.LooksMin);
        Assert.Contains("is full (100 KiB free)", Assert.Single(_told), StringComparison.Ordinal);

        _told.Clear();
        Look(vitals, stoodStill: false, 3 * MountVitals.LooksMin);
        Assert.Null(Assert.Single(_told));

        _told.Clear();
        _free = 1 << 30;
        Look(vitals, stoodStill: true, MountVitals.LooksMin);
        Assert.Contains("cannot be read or written", Assert.Single(_told), StringComparison.Ordinal);
    }

    /// <summary>What was told before a restart is taken back.</summary>
    [Fact]
    public void A_machine_that_runs_from_the_beginning_is_told_to_be_well()
    {
        Look(New(), stoodStill: false, 2 * MountVitals.LooksMin);
        Assert.Null(Assert.Single(_told));
    }

    private MountVitals New() => new(() => _free, _told.Add);

    private static void Look(MountVitals vitals, bool stoodStill, int times)
    {
        for (int i = 0; i < times; i++)
        {
            vitals.Look(stoodStill);
        }
    }
}
