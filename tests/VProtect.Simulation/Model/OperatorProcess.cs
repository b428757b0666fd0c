namespace VProtect.Simulation.Model;

/// <summary>Somebody who forgets a point, and somebody who holds one.</summary>
internal static class OperatorProcess
{
    public static string? Forget(World world, int process, int point)
    {
        Local local = world.LocalOf(process);
        if (local.Next == 0)
        {
            local.Next = (byte)((world.Hold(point) & 1) != 0 ? 2 : 1);
            return null;
        }

        if (world.Mark(point) == 0)
        {
            world.Mark(point) = 1;
            world.MarkBorn(point) = world.Stamp;
        }

        local.Next = 2;
        return null;
    }

    public static string? Hold(World world, Scenario scenario, int process, int point)
    {
        Local local = world.LocalOf(process);
        switch (local.Next)
        {
            case 0:
                world.Hold(point) = 1;
                world.HoldBorn(point) = world.Stamp;
                local.Next = (byte)(scenario.Has(Flaw.HoldNotChecked) ? 2 : 1);
                return null;
            case 1:
                local.Next = (byte)(world.Mark(point) == 1 ? 3 : 2);
                return null;
            case 2:
                if (world.Point(point) == PointState.Committed)
                {
                    world.Hold(point) |= 2;
                }

                local.Next = 4;
                return null;
            default:
                world.Hold(point) = 0;
                local.Next = 4;
                return null;
        }
    }

    /// <summary>The step after the last one.</summary>
    public static int DoneOf(bool holds) => holds ? 4 : 2;
}
