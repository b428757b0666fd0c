using System.Numerics;

namespace VProtect.Simulation.Model;

/// <summary>:: 4 to 6. What is needed, what goes, and the state that says so.</summary>
internal static partial class CollectorProcess
{
    /// <summary>What the leases, points and packs that it has read lead to; no operation of the store.</summary>
    private static void Decide(World world, Scenario scenario, int process, Local local)
    {
        int condemned = 0;
        int gone = 0;
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            condemned |= local.Condemned[pack] != 0 ? 1 << pack : 0;
            gone |= local.Condemned[pack] >> 4 != 0 ? 1 << pack : 0;
        }

        int chunks = 0;
        for (int point = 0; point < World.PointCount; point++)
        {
            chunks |= (local.Counted & (1 << point)) != 0 ? Repository.ChunksOf(scenario, point) : 0;
        }

        int needed = 0;
        for (int chunk = 0; chunk < 8; chunk++)
        {
            needed |= (chunks & (1 << chunk)) != 0 ? PlaceOf(world, local.Index, condemned, gone, 1 << chunk, fromTop: process % 2 == 1) : 0;
        }

        // :: 4. Condemned before, and nobody can have built upon it since.
        int oldest = local.Oldest == 0 ? int.MaxValue : local.Oldest - 1;
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            int since = local.Condemned[pack] & 15;
            bool isOut = scenario.Has(Flaw.SweepAtSameGeneration) ? oldest < since - 1 : oldest < since;
            bool isSwept = since != 0 && local.Condemned[pack] >> 4 == 0 && (needed & (1 << pack)) == 0 && !isOut;
            local.Packs |= isSwept ? 1 << pack : 0;
            local.NextCondemned[pack] = NextOf(scenario, local, pack, isSwept, isNeeded: (needed & (1 << pack)) != 0);
        }

        // :: 5. Only what was listed before leases were read, and what no unfinished writer may have written.
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            int bit = 1 << pack;
            bool isOurs = (local.Listed & local.Index & bit) != 0 && (condemned & bit) == 0;
            bool mayBeUnfinished = !scenario.Has(Flaw.Uncondemn) && world.PackGeneration(pack) >= oldest;
            if (isOurs && !mayBeUnfinished && (needed & bit) == 0)
            {
                local.NextCondemned[pack] = (byte)(local.Generation + 1);
                local.Packs |= scenario.Has(Flaw.SweepAtSameGeneration) && local.Oldest == 0 ? bit : 0;
            }

            int left = NeededIn(world, local, chunks, condemned, gone, pack, process);
            bool isSparse = scenario.RewritesSparse && isOurs && !mayBeUnfinished && left != 0 && left != world.PackChunks(pack);
            bool isKept = (condemned & needed & bit) != 0 && !scenario.Has(Flaw.Uncondemn);
            local.Emptied |= isSparse || isKept ? bit : 0;
            local.Chunks |= (byte)(isSparse || isKept ? left : 0);
        }

        local.Listed = 0;
        local.Pins = 0;
        local.Condemned.Clear();
        GoToSweep(local);
    }

    private static byte NextOf(Scenario scenario, Local local, int pack, bool isSwept, bool isNeeded)
    {
        int next = local.Generation + 1;
        int since = local.Condemned[pack] & 15;
        int gone = local.Condemned[pack] >> 4;
        if (since == 0 || (isNeeded && scenario.Has(Flaw.Uncondemn)) || (isSwept && scenario.Has(Flaw.SweptForgotten)))
        {
            return 0;
        }

        if (gone != 0)
        {
            return gone + scenario.Lag < next ? (byte)0 : local.Condemned[pack];
        }

        return (byte)(since | (isSwept ? next << 4 : 0));
    }

    /// <summary>The pack in which a chunk is needed: any that is not condemned, else one that is.</summary>
    private static int PlaceOf(World world, int index, int condemned, int gone, int chunk, bool fromTop)
    {
        int good = 0;
        int last = 0;
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            int bit = 1 << pack;
            bool holds = (index & bit) != 0 && (world.PackChunks(pack) & chunk) != 0;
            good |= holds && (condemned & bit) == 0 ? bit : 0;
            last |= holds && (condemned & bit) != 0 && (gone & bit) == 0 ? bit : 0;
        }

        int places = good != 0 ? good : last;
        return places == 0 ? 0 : fromTop ? 1 << BitOperations.Log2((uint)places) : places & -places;
    }

    private static int NeededIn(World world, Local local, int chunks, int condemned, int gone, int pack, int process)
    {
        int left = 0;
        for (int chunk = 0; chunk < 8; chunk++)
        {
            bool isHere = (chunks & (1 << chunk)) != 0 && PlaceOf(world, local.Index, condemned, gone, 1 << chunk, process % 2 == 1) == 1 << pack;
            left |= isHere ? 1 << chunk : 0;
        }

        return left;
    }

    private static string? Create(World world, Scenario scenario, Local local)
    {
        int next = local.Generation + 1;
        if (next >= World.GenerationCount)
        {
            return "the model has too few generations";
        }

        if (world.HasState(next))
        {
            End(local);
            return null;
        }

        Span<byte> state = world.StateOf(next);
        state[0] = (byte)(world.Highest >= next ? 2 : 1);
        state[1] = 0;
        local.NextCondemned.CopyTo(state[2..]);
        Span<byte> oldest = state[(2 + World.PackCount)..];
        local.OldestOf[1..].CopyTo(oldest);
        oldest[scenario.Lag] = (byte)(local.Oldest == 0 ? next : local.Oldest - 1);
        world.Highest = (byte)Math.Max(world.Highest, next);
        local.At = (byte)OpenOf(oldest, scenario, next);
        local.NextCondemned.Clear();
        local.OldestOf.Clear();
        local.Oldest = 0;
        local.Generation = (byte)next;
        local.Next = (byte)Step.CleanStates;
        return GoToCleaning(world, scenario, local);
    }

    private static string? Clean(World world, Scenario scenario, Local local)
    {
        if ((Step)local.Next == Step.CleanStates)
        {
            Span<byte> state = world.StateOf(OldState(world, scenario, local));
            state.Clear();
            state[1] = world.Stamp;
        }
        else
        {
            for (int generation = 0; generation < local.At; generation++)
            {
                for (int slot = 0; slot < World.SlotCount; slot++)
                {
                    if (world.Lease(generation, slot) != 0)
                    {
                        world.Lease(generation, slot) = 0;
                        return GoToCleaning(world, scenario, local);
                    }
                }
            }
        }

        return GoToCleaning(world, scenario, local);
    }

    private static string? GoToCleaning(World world, Scenario scenario, Local local)
    {
        if (OldState(world, scenario, local) != 0)
        {
            local.Next = (byte)Step.CleanStates;
            return null;
        }

        for (int generation = 0; generation < local.At; generation++)
        {
            for (int slot = 0; slot < World.SlotCount; slot++)
            {
                if (world.Lease(generation, slot) != 0)
                {
                    local.Next = (byte)Step.CleanLeases;
                    return null;
                }
            }
        }

        End(local);
        return null;
    }

    /// <summary>The lowest state that is to go; 0 when there is none. <c>gc/1</c> stays.</summary>
    private static int OldState(World world, Scenario scenario, Local local)
    {
        for (int generation = 2; generation < local.Generation - scenario.Lag; generation++)
        {
            if (world.HasState(generation))
            {
                return generation;
            }
        }

        return 0;
    }

    private static void End(Local local)
    {
        local.Runs++;
        BeginAnew(local);
    }
}
