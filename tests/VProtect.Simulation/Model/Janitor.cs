namespace VProtect.Simulation.Model;

/// <summary>When everybody is done or dead: collects until nothing is left to collect, and tells what should not be there still.</summary>
internal static class Janitor
{
    public static string? Clean(World final, Scenario scenario)
    {
        Scenario alone = scenario with { Lags = Lags.None, PointsLagForEver = false, BreaksMax = 0 };
        var world = new World();
        world.CopyFrom(final);
        var choice = new Choice();
        int process = scenario.ProcessCount;
        var spec = new CollectorSpec(scenario.Lag + 4, HasCounted: false);
        while (world.LocalOf(process).Runs < spec.Runs)
        {
            choice.Reset();
            string? violation = CollectorProcess.Take(world, alone, process, spec, choice) ?? Repository.Violation(world, alone);
            if (violation is not null)
            {
                return $"collecting alone at the end: {violation}";
            }
        }

        int needed = 0;
        for (int point = 0; point < World.PointCount; point++)
        {
            needed |= world.Point(point) == PointState.Committed ? Repository.ChunksOf(scenario, point) : 0;
            if (world.Mark(point) == 1 && world.Point(point) == PointState.Committed && (world.Hold(point) & 1) == 0)
            {
                return $"point {point} stays though it was forgotten and nobody holds it";
            }
        }

        Span<byte> condemned = world.StateOf(world.Highest).Slice(2, World.PackCount);
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            if (world.Pack(pack) == 1 && ((world.PackChunks(pack) & needed) == 0 || condemned[pack] != 0))
            {
                return $"pack {pack} stays though nothing in it is needed";
            }
        }

        return null;
    }
}
