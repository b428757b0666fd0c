namespace VProtect.Simulation.Model;

/// <summary>What all processes agree upon, and what must hold in every state.</summary>
internal static class Repository
{
    /// <summary>The first state: packs, points, and perhaps a first collection that condemned something.</summary>
    public static World Begin(Scenario scenario)
    {
        var world = new World();
        for (int pack = 0; pack < scenario.Packs.Count; pack++)
        {
            world.CreatePack(pack, scenario.Packs[pack], generation: 0);
        }

        for (int point = 0; point < scenario.Points.Count; point++)
        {
            world.Point(point) = PointState.Committed;
        }

        if (scenario.Condemned != 0)
        {
            world.Highest = 1;
            Span<byte> state = world.StateOf(1);
            state[0] = 1;
            state[2 + World.PackCount + scenario.Lag] = 1;
            for (int pack = 0; pack < scenario.Packs.Count; pack++)
            {
                state[2 + pack] = (byte)(scenario.Condemned >> pack & 1);
            }
        }

        for (int pack = 0; pack < scenario.Packs.Count; pack++)
        {
            world.PackBorn(pack) = (scenario.YoungPacks >> pack & 1) != 0 ? world.Stamp : (byte)0;
        }

        for (int writer = 0; writer < scenario.Writers.Count; writer++)
        {
            world.LocalOf(writer).Index = WriterProcess.InitialPacks(scenario);
        }

        if (scenario.BeginsWithLongWriter)
        {
            BeginLongWriter(world, scenario);
        }

        for (int i = 0; i < scenario.Collectors.Count; i++)
        {
            Local local = world.LocalOf(scenario.Writers.Count + i);
            local.Index = WriterProcess.InitialPacks(scenario);
            local.Counted = (byte)(scenario.Collectors[i].HasCounted ? (1 << scenario.Points.Count) - 1 : 0);
        }

        return world;
    }

    private static void BeginLongWriter(World world, Scenario scenario)
    {
        world.Highest = (byte)(scenario.Lag + 1);
        for (int generation = 1; generation <= world.Highest; generation++)
        {
            world.StateOf(generation)[0] = 1;
            world.StateOf(generation).Slice(2 + World.PackCount, scenario.Lag + 1).Fill(1);
        }

        world.Lease(1, 0) = 1 | (1 << 4);
        world.LocalOf(0).Next = (byte)WriterProcess.Step.ListPacks;
        world.LocalOf(0).Generation = 1;
    }

    /// <summary>What a point refers to; those of writers follow the first ones.</summary>
    public static int ChunksOf(Scenario scenario, int point) =>
        point < scenario.Points.Count ? scenario.Points[point]
        : point - scenario.Points.Count < scenario.Writers.Count
            ? scenario.Writers[point - scenario.Points.Count].Own | scenario.Writers[point - scenario.Points.Count].Inherited
            : 0;

    /// <summary>Where the next rewritten pack goes: the first number that was never used, after those of writers.</summary>
    public static int RewritePackOf(World world, Scenario scenario)
    {
        int pack = scenario.Packs.Count + scenario.Writers.Count;
        while (world.Pack(pack) != 0)
        {
            pack++;
        }

        return pack;
    }

    /// <summary>What is wrong with a state, or null: a point that is there refers to a chunk that lies in no pack, or a held one is gone.</summary>
    public static string? Violation(World world, Scenario scenario)
    {
        int chunks = 0;
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            chunks |= world.Pack(pack) == 1 ? world.PackChunks(pack) : 0;
        }

        for (int point = 0; point < scenario.Points.Count + scenario.Writers.Count; point++)
        {
            if (world.Point(point) == PointState.Committed && (ChunksOf(scenario, point) & ~chunks) != 0)
            {
                return $"point {point} refers to chunks that lie in no pack";
            }

            if (world.Hold(point) == 3 && world.Point(point) != PointState.Committed)
            {
                return $"point {point} is gone though it is held";
            }

            if (point < scenario.Points.Count && world.Point(point) != PointState.Committed && !scenario.Forgets.Contains(point))
            {
                return $"point {point} is gone though nobody has forgotten it";
            }
        }

        return null;
    }
}
