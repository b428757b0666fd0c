namespace VProtect.Simulation.Model;

/// <summary>For each flaw a scenario that is safe without it and in which it is found out.</summary>
internal static partial class Scenarios
{
    /// <summary>One writer that finds its chunk in a pack that nobody else needs; one collector, twice.</summary>
    private static readonly Scenario Reuse = new()
    {
        Name = "a writer reuses garbage",
        Packs = [0b10],
        Condemned = 0,
        Points = [],
        Writers = [new(Parent: -1, Inherited: 0, Own: 0b10)],
        Collectors = [new(Runs: 2, HasCounted: true)],
    };

    /// <summary>A point whose only chunk lies in a condemned pack, and a writer that builds upon the point.</summary>
    private static readonly Scenario Inherit = new()
    {
        Name = "a writer builds upon a forgotten point",
        Packs = [0b1],
        Condemned = 0b1,
        Points = [0b1],
        Writers = [new(Parent: 0, Inherited: 0b1, Own: 0)],
        Collectors = [new(Runs: 2, HasCounted: true)],
        Forgets = [0],
    };

    private static readonly Scenario Suspended = Reuse with
    {
        Name = "a writer sleeps through many collections",
        Packs = [0b10, 0b100],
        Condemned = 0b10,
        Lags = Lags.None,
        Collectors = [new(Runs: 5, HasCounted: true)],
    };

    private static readonly Scenario HoldAndForget = new()
    {
        Name = "held and forgotten at once",
        Packs = [0b1],
        Points = [0b1],
        Writers = [],
        Collectors = [new(Runs: 1, HasCounted: true)],
        Forgets = [0],
        Holds = [0],
    };

    /// <summary>Flaw and where it is found.</summary>
    public static readonly IReadOnlyDictionary<Flaw, Scenario> Broken = new Dictionary<Flaw, Scenario>
    {
        [Flaw.NoLease] = Reuse,
        [Flaw.NoCheckAfterLease] = Reuse,
        [Flaw.SweepAtSameGeneration] = Reuse,
        [Flaw.LeasesByListing] = Reuse with { Condemned = 0b10, Packs = [0b10, 0b100], Lag = 2 },
        [Flaw.CheckInWrongOrder] = Suspended,
        [Flaw.NoListingLast] = Suspended,
        [Flaw.CommitBeforePack] = Reuse with { Packs = [0b1] },
        [Flaw.PinNotChecked] = Inherit,
        [Flaw.ForgottenAfterLeases] = Inherit,
        [Flaw.MarkRemovedFirst] = Inherit,
        [Flaw.DedupAgainstCondemned] = Reuse with { Condemned = 0b1 },
        [Flaw.HoldsByListing] = HoldAndForget,
        [Flaw.HoldNotChecked] = HoldAndForget,
        [Flaw.SlotsDeletedAtEnd] = Reuse with
        {
            Name = "two leases of one generation",
            Packs = [0b10, 0b100],
            Condemned = 0b10,
            Writers = [new(Parent: -1, Inherited: 0, Own: 0b1000), new(Parent: -1, Inherited: 0, Own: 0b10)],
        },
        [Flaw.PointsByListing] = Reuse with { Lag = 2, Collectors = [new(Runs: 3, HasCounted: true)] },
        [Flaw.RemovalByListing] = new()
        {
            Name = "points lag for ever",
            PointsLagForEver = true,
            Packs = [0b1],
            Points = [0b1],
            Writers = [],
            Collectors = [new(Runs: 2, HasCounted: true)],
        },
        [Flaw.LeaseCleanedAtEnd] = Reuse with
        {
            Name = "a long backup",
            Lag = 3,
            Lags = Lags.Points,
            Packs = [],
            BeginsWithLongWriter = true,
            Collectors = [new(Runs: 1, HasCounted: true), new(Runs: 2, HasCounted: false)],
        },
        [Flaw.Uncondemn] = Reuse with
        {
            Name = "two collectors see different copies",
            Lags = Lags.Packs,
            Packs = [0b11, 0b01],
            Condemned = 0b1,
            YoungPacks = 0b10,
            Points = [0b01],
            Collectors = [new(Runs: 1, HasCounted: true), new(Runs: 1, HasCounted: true)],
        },
        [Flaw.SweptForgotten] = Reuse with { Condemned = 0b1, Lag = 2, Collectors = [new(Runs: 1, HasCounted: true)] },
        [Flaw.BreakWithoutAbort] = Reuse with { BreaksMax = 1, Packs = [0b10, 0b100], Condemned = 0b10 },
    };
}
