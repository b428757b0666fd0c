using System.Numerics;

namespace VProtect.Simulation.Model;

/// <summary>A collector of FORMAT.md section 7. Each step is one operation of the store; the numbers are the steps there.</summary>
internal static partial class CollectorProcess
{
    internal enum Step : byte
    {
        List, Walk, Read, ListAgain, ListPacks, ListMarks, Lease, Abort, EndBroken, LookForHold, RemovePoint, RemoveMark, ListPoints,
        LookForPoint, ListPacksAgain, Sweep, TakeLease, LookForNext, LookForOwn, ListStates, GiveBack, Rewrite, EndLease, Create, CleanStates,
        CleanLeases,
    }

    public static string? Take(World world, Scenario scenario, int process, CollectorSpec spec, Choice choice)
    {
        Local local = world.LocalOf(process);
        int n = local.Generation;
        switch ((Step)local.Next)
        {
            // :: 1.
            case Step.List:
                local.Generation = (byte)Listing.HighestState(world, scenario, choice);
                local.Next = (byte)Step.Walk;
                return null;
            case Step.Walk:
                local.Generation = (byte)(world.HasState(n + 1) ? n + 1 : n);
                local.Next = (byte)(world.HasState(n + 1) ? Step.Walk : Step.Read);
                return null;
            case Step.Read:
                return Read(world, scenario, local);
            case Step.ListAgain:
                bool isHighest = Listing.HighestState(world, scenario, choice) <= n;
                if (!isHighest)
                {
                    BeginAnew(local);
                    return null;
                }

                local.Next = (byte)Step.ListPacks;
                return world.StateOf(n)[0] == 2 ? $"a collector goes by a state of generation {n} that was created again" : null;

            // :: 2.
            case Step.ListPacks:
                local.Listed = Listing.Packs(world, scenario, choice, local.Index);
                local.Index = local.Listed;
                local.Holds = (byte)(scenario.Has(Flaw.HoldsByListing) ? Listing.Holds(world, scenario, choice) : 0);
                local.Next = (byte)(scenario.Has(Flaw.ForgottenAfterLeases) ? Step.Lease : Step.ListMarks);
                return null;
            case Step.ListMarks:
                local.Forgotten = (byte)Listing.Marks(world, scenario, choice);
                if (!scenario.Has(Flaw.ForgottenAfterLeases))
                {
                    local.Next = (byte)Step.Lease;
                    return null;
                }

                GoToRemoval(local);
                return null;
            case Step.Lease:
                return ReadLease(world, scenario, local, choice);
            case Step.Abort:
            case Step.EndBroken:
                Break(world, scenario, local);
                return null;
            case Step.LookForHold:
                bool isHeld = scenario.Has(Flaw.HoldsByListing) ? (local.Holds & (1 << local.At)) != 0 : (world.Hold(local.At) & 1) != 0;
                local.Next = (byte)(scenario.Has(Flaw.MarkRemovedFirst) ? Step.RemoveMark : Step.RemovePoint);
                if (isHeld)
                {
                    local.Forgotten &= (byte)~(1 << local.At);
                    GoToRemoval(local);
                }

                return null;
            case Step.RemovePoint:
            case Step.RemoveMark:
                return Remove(world, scenario, local);

            // :: 3.
            case Step.ListPoints:
                int listed = Listing.Points(world, scenario, choice);
                int counted = scenario.Has(Flaw.RemovalByListing) ? local.Counted & listed : local.Counted;
                local.Points = (byte)(listed | (scenario.Has(Flaw.PointsByListing) ? 0 : local.Points | counted));
                local.Counted = 0;
                GoToPoint(local);
                return null;
            case Step.LookForPoint:
                local.Counted |= (byte)(world.Point(local.At) == PointState.Committed ? 1 << local.At : 0);
                local.Points &= (byte)~(1 << local.At);
                GoToPoint(local);
                return null;
            case Step.ListPacksAgain:
                local.Index = Listing.Packs(world, scenario, choice, local.Index);
                Decide(world, scenario, process, local);
                return null;

            // :: 4.
            case Step.Sweep:
                int pack = BitOperations.TrailingZeroCount(local.Packs);
                if (world.Pack(pack) == 1)
                {
                    world.Pack(pack) = 2;
                    world.PackDied(pack) = world.Stamp;
                }

                local.Packs &= ~(1 << pack);
                GoToSweep(local);
                return null;

            // :: 5.
            case Step.TakeLease or Step.LookForNext or Step.LookForOwn or Step.ListStates or Step.GiveBack or Step.Rewrite or Step.EndLease:
                return RewriteStep(world, scenario, process, local, spec, choice);

            // :: 6.
            case Step.Create:
                return Create(world, scenario, local);
            default:
                return Clean(world, scenario, local);
        }
    }

    private static string? Read(World world, Scenario scenario, Local local)
    {
        int n = local.Generation;
        if (n == 0 ? world.HasState(1) : !world.HasState(n))
        {
            BeginAnew(local);
            return null;
        }

        if (n > 0)
        {
            Span<byte> state = world.StateOf(n);
            state.Slice(2, World.PackCount).CopyTo(local.Condemned);
            state[(2 + World.PackCount)..].CopyTo(local.OldestOf);
        }

        // :: 2 reads leases from here on.
        local.At = (byte)(n == 0 ? 0 : OpenOf(local.OldestOf, scenario, n));
        local.Next = (byte)(n == 0 || scenario.Has(Flaw.NoListingLast) ? Step.ListPacks : Step.ListAgain);
        return null;
    }

    /// <summary>The oldest generation whose leases count, as a state says it.</summary>
    private static int OpenOf(ReadOnlySpan<byte> oldest, Scenario scenario, int generation)
    {
        if (scenario.Has(Flaw.LeaseCleanedAtEnd))
        {
            return Math.Max(0, Math.Min(oldest[scenario.Lag], generation - scenario.Lag));
        }

        int open = oldest[0];
        for (int i = 1; i <= scenario.Lag; i++)
        {
            open = Math.Min(open, oldest[i]);
        }

        return open;
    }

    private static void BeginAnew(Local local)
    {
        int index = local.Index;
        byte counted = local.Counted;
        byte runs = local.Runs;
        local.Clear(from: 0);
        local.Index = index;
        local.Counted = counted;
        local.Runs = runs;
    }

    private static void GoToPoint(Local local)
    {
        local.At = (byte)(local.Points == 0 ? 0 : BitOperations.TrailingZeroCount(local.Points));
        local.Next = (byte)(local.Points == 0 ? Step.ListPacksAgain : Step.LookForPoint);
    }

    private static void GoToRemoval(Local local)
    {
        local.Forgotten &= (byte)~local.Pins;
        local.At = (byte)(local.Forgotten == 0 ? 0 : BitOperations.TrailingZeroCount(local.Forgotten));
        local.Next = (byte)(local.Forgotten == 0 ? Step.ListPoints : Step.LookForHold);
    }

    private static void GoToSweep(Local local) =>
        local.Next = (byte)(local.Packs != 0 ? Step.Sweep : local.Emptied != 0 ? Step.TakeLease : Step.Create);
}
