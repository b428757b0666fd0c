namespace VProtect.Simulation.Model;

/// <summary>:: 2. Leases, and forgotten points.</summary>
internal static partial class CollectorProcess
{
    private static string? ReadLease(World world, Scenario scenario, Local local, Choice choice)
    {
        int lease = world.Lease(local.At, local.Slot);
        if (lease == 0 && !(scenario.Has(Flaw.LeasesByListing) && local.Slot < World.SlotCount - 1))
        {
            NextLease(scenario, local, isLastSlot: true);
            return null;
        }

        if (scenario.Has(Flaw.LeasesByListing) && (lease == 0 || !Listing.ShowsLease(world, scenario, choice, local.At, local.Slot)))
        {
            NextLease(scenario, local, isLastSlot: local.Slot == World.SlotCount - 1);
            return null;
        }

        int owner = (lease & 7) - 1;
        bool isWriter = owner < scenario.Writers.Count;
        local.Points |= (byte)(isWriter ? 1 << (scenario.Points.Count + owner) : 0);
        if ((lease & 8) != 0)
        {
            NextLease(scenario, local, local.Slot == World.SlotCount - 1);
            return null;
        }

        bool isGone = world.LocalOf(owner).IsDead != 0;
        if (!isGone && world.Breaks < scenario.BreaksMax && choice.Maybe())
        {
            world.Breaks++;
            isGone = true;
        }

        if (isGone)
        {
            local.Next = (byte)(isWriter && !scenario.Has(Flaw.BreakWithoutAbort) ? Step.Abort : Step.EndBroken);
            return null;
        }

        if (isWriter && scenario.Writers[owner].Parent >= 0)
        {
            local.Pins |= (byte)(1 << scenario.Writers[owner].Parent);
        }

        if (local.Oldest == 0 || local.At + 1 < local.Oldest)
        {
            local.Oldest = (byte)(local.At + 1);
        }

        NextLease(scenario, local, local.Slot == World.SlotCount - 1);
        return null;
    }

    private static void NextLease(Scenario scenario, Local local, bool isLastSlot)
    {
        local.Next = (byte)Step.Lease;
        if (!isLastSlot)
        {
            local.Slot++;
            return;
        }

        local.Slot = 0;
        if (local.At < local.Generation)
        {
            local.At++;
        }
        else if (scenario.Has(Flaw.ForgottenAfterLeases))
        {
            local.Next = (byte)Step.ListMarks;
        }
        else
        {
            GoToRemoval(local);
        }
    }

    private static void Break(World world, Scenario scenario, Local local)
    {
        int lease = world.Lease(local.At, local.Slot);
        if ((Step)local.Next == Step.Abort)
        {
            // The owner is read from the lease, which this process has in its memory; one that was cleaned meanwhile is nobody's.
            int point = scenario.Points.Count + (lease & 7) - 1;
            if (lease != 0 && world.Point(point) == PointState.None)
            {
                world.Point(point) = PointState.Aborted;
                world.PointBorn(point) = world.Stamp;
            }

            local.Next = (byte)Step.EndBroken;
            return;
        }

        WriterProcess.EndLease(world, scenario, local.At, local.Slot);
        NextLease(scenario, local, local.Slot == World.SlotCount - 1);
    }

    private static string? Remove(World world, Scenario scenario, Local local)
    {
        bool isPoint = (Step)local.Next == Step.RemovePoint;
        string? violation = null;
        if (isPoint)
        {
            violation = world.Hold(local.At) == 3 ? $"point {local.At} is removed though it is held" : null;
            world.Point(local.At) = PointState.Removed;
        }
        else
        {
            world.Mark(local.At) = 2;
            world.MarkBorn(local.At) = 0;
        }

        if (isPoint != scenario.Has(Flaw.MarkRemovedFirst))
        {
            local.Next = (byte)(isPoint ? Step.RemoveMark : Step.RemovePoint);
            return violation;
        }

        local.Forgotten &= (byte)~(1 << local.At);
        GoToRemoval(local);
        return violation;
    }
}
