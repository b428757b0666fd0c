namespace VProtect.Simulation.Model;

/// <summary>
/// What a listing may show. An object created when the highest generation was <i>b</i> is shown for certain once that is at least
/// <i>b</i>+R; one removed then may be shown until then. In between, each object by itself may be shown or not.
/// </summary>
internal static class Listing
{
    /// <summary>The highest generation that a listing of <c>gc/</c> shows; 0 when it shows none.</summary>
    public static int HighestState(World world, Scenario scenario, Choice choice)
    {
        int certain = 0;
        Span<int> possible = stackalloc int[World.GenerationCount];
        int count = 0;
        for (int generation = World.GenerationCount - 1; generation >= 1 && certain == 0; generation--)
        {
            Span<byte> state = world.StateOf(generation);
            if (state[0] != 0 && IsOld(world, scenario, Lags.States, generation + 1))
            {
                certain = generation;
            }
            else if (state[0] != 0 || (state[1] != 0 && !IsOld(world, scenario, Lags.States, state[1])))
            {
                possible[count++] = generation;
            }
        }

        int shown = count == 0 ? 0 : choice.Of(count + 1);
        return shown == 0 ? certain : possible[shown - 1];
    }

    /// <summary>The packs that an index holds after a listing and after the footers of those it did not know have been read by key.</summary>
    public static int Packs(World world, Scenario scenario, Choice choice, int known)
    {
        int packs = 0;
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            bool isShown = world.Pack(pack) switch
            {
                1 => IsOld(world, scenario, Lags.Packs, world.PackBorn(pack)) || choice.Maybe(),
                2 => (known & (1 << pack)) != 0 && !IsOld(world, scenario, Lags.Packs, world.PackDied(pack)) && choice.Maybe(),
                _ => false,
            };
            packs |= isShown ? 1 << pack : 0;
        }

        return packs;
    }

    /// <summary>Forgotten marks, or holds, that a listing shows, as bits.</summary>
    public static int Points(World world, Scenario scenario, Choice choice)
    {
        int points = 0;
        for (int point = 0; point < World.PointCount; point++)
        {
            bool isShown = world.Point(point) is PointState.Committed or PointState.Aborted
                && ((IsOld(world, scenario, Lags.Points, world.PointBorn(point)) && !scenario.PointsLagForEver) || choice.Maybe());
            points |= isShown ? 1 << point : 0;
        }

        return points;
    }

    public static int Marks(World world, Scenario scenario, Choice choice)
    {
        int points = 0;
        for (int point = 0; point < World.PointCount; point++)
        {
            bool isShown = world.Mark(point) == 1 && (IsOld(world, scenario, Lags.Marks, world.MarkBorn(point)) || choice.Maybe());
            points |= isShown ? 1 << point : 0;
        }

        return points;
    }

    public static int Holds(World world, Scenario scenario, Choice choice)
    {
        int points = 0;
        for (int point = 0; point < World.PointCount; point++)
        {
            bool isShown = (world.Hold(point) & 1) != 0 && (IsOld(world, scenario, Lags.Marks, world.HoldBorn(point)) || choice.Maybe());
            points |= isShown ? 1 << point : 0;
        }

        return points;
    }

    /// <summary>Whether a listing shows a lease (a flawed collector asks).</summary>
    public static bool ShowsLease(World world, Scenario scenario, Choice choice, int generation, int slot) =>
        IsOld(world, scenario, Lags.Leases, world.Lease(generation, slot) >> 4) || choice.Maybe();

    private static bool IsOld(World world, Scenario scenario, Lags listed, int stamp) =>
        stamp == 0 || (scenario.Lags & listed) == 0 || world.Highest - (stamp - 1) >= scenario.Lag;
}
