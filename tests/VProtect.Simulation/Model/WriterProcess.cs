namespace VProtect.Simulation.Model;

/// <summary>A writer of FORMAT.md section 7. Each step is one operation of the store; the numbers are the steps there.</summary>
internal static class WriterProcess
{
    internal enum Step : byte
    {
        List, Walk, Read, Take, LookForNext, LookForOwn, ListAgain, GiveBack, LookForMark, LookForParent, ListPacks, Pack, Commit, End, Done,
    }

    public static string? Take(World world, Scenario scenario, int writer, Choice choice)
    {
        Local local = world.LocalOf(writer);
        WriterSpec spec = scenario.Writers[writer];
        int g = local.Generation;
        switch ((Step)local.Next)
        {
            // :: 1.
            case Step.List:
                local.Generation = (byte)Listing.HighestState(world, scenario, choice);
                local.Next = (byte)Step.Walk;
                return null;
            case Step.Walk:
                local.Generation = (byte)(world.HasState(g + 1) ? g + 1 : g);
                local.Next = (byte)(world.HasState(g + 1) ? Step.Walk : Step.Read);
                return null;
            case Step.Read:
                return Read(world, scenario, local);

            // :: 2.
            case Step.Take:
                ref byte lease = ref world.Lease(g, local.Slot);
                if (lease != 0)
                {
                    local.Slot++;
                    return local.Slot == World.SlotCount ? "the model has too few slots" : null;
                }

                lease = (byte)((writer + 1) | (world.Stamp << 4));
                local.Next = (byte)(scenario.Has(Flaw.NoCheckAfterLease) ? AfterLease(spec) : Step.LookForNext);
                return null;

            // :: 3.
            case Step.LookForNext:
                if (scenario.Has(Flaw.CheckInWrongOrder))
                {
                    local.Next = (byte)(g > 0 && !world.HasState(g) ? Step.GiveBack : Step.LookForOwn);
                    return null;
                }

                local.Next = (byte)(world.HasState(g + 1) ? Step.GiveBack : Step.LookForOwn);
                return null;
            case Step.LookForOwn:
                if (scenario.Has(Flaw.CheckInWrongOrder))
                {
                    local.Next = (byte)(world.HasState(g + 1) ? Step.GiveBack : AfterLease(spec));
                    return null;
                }

                local.Next = (byte)(g > 0 && !world.HasState(g) ? Step.GiveBack
                    : scenario.Has(Flaw.NoListingLast) ? AfterLease(spec) : Step.ListAgain);
                return null;
            case Step.ListAgain:
                bool isHighest = Listing.HighestState(world, scenario, choice) <= g;
                local.Next = (byte)(isHighest ? AfterLease(spec) : Step.GiveBack);
                return null;
            case Step.GiveBack:
                EndLease(world, scenario, g, local.Slot);
                local.Clear(from: 0);
                local.Index = InitialPacks(scenario);
                return null;

            // :: 4.
            case Step.LookForMark:
                local.Next = (byte)(world.Mark(spec.Parent) == 1 ? Step.ListPacks : Step.LookForParent);
                return null;
            case Step.LookForParent:
                local.Uses = (byte)(world.Point(spec.Parent) == PointState.Committed ? 1 : 0);
                local.Next = (byte)Step.ListPacks;
                return null;

            // :: 5.
            case Step.ListPacks:
                return Deduplicate(world, scenario, local, spec, choice);
            case Step.Pack:
                world.CreatePack(scenario.Packs.Count + writer, local.Chunks, g);
                local.Next = (byte)(scenario.Has(Flaw.CommitBeforePack) ? Step.End : Step.Commit);
                return null;

            // :: 6.
            case Step.Commit:
                return Commit(world, scenario, local, writer);

            // :: 7.
            default:
                EndLease(world, scenario, g, local.Slot);
                local.Clear();
                local.Next = (byte)Step.Done;
                return null;
        }
    }

    private static string? Read(World world, Scenario scenario, Local local)
    {
        if (local.Generation == 0)
        {
            local.Next = (byte)(world.HasState(1) ? Step.List : Step.Take);
        }
        else if (!world.HasState(local.Generation))
        {
            local.Next = (byte)Step.List;
        }
        else
        {
            world.StateOf(local.Generation).Slice(2, World.PackCount).CopyTo(local.Condemned);
            local.Next = (byte)Step.Take;
        }

        if (local.Next == (byte)Step.List)
        {
            local.Generation = 0;
        }
        else if (scenario.Has(Flaw.NoLease))
        {
            local.Next = (byte)Step.ListPacks;
        }

        return null;
    }

    private static Step AfterLease(WriterSpec spec) => spec.Parent < 0 ? Step.ListPacks : Step.LookForMark;

    private static string? Deduplicate(World world, Scenario scenario, Local local, WriterSpec spec, Choice choice)
    {
        bool usesParent = local.Uses == 1 || (spec.Parent >= 0 && scenario.Has(Flaw.PinNotChecked));
        int read = spec.Own | (usesParent ? 0 : spec.Inherited);
        int known = Listing.Packs(world, scenario, choice, local.Index);
        int relied = 0;
        int missing = 0;
        for (int chunk = 0; chunk < 8; chunk++)
        {
            int bit = 1 << chunk;
            if ((read & bit) == 0)
            {
                continue;
            }

            int place = -1;
            for (int pack = 0; pack < World.PackCount && place < 0; pack++)
            {
                bool isCondemned = local.Condemned[pack] != 0 && !scenario.Has(Flaw.DedupAgainstCondemned);
                place = (known & (1 << pack)) != 0 && !isCondemned && (world.PackChunks(pack) & bit) != 0 ? pack : -1;
            }

            relied |= place < 0 ? 0 : 1 << place;
            missing |= place < 0 ? bit : 0;
        }

        local.Packs = relied;
        local.Chunks = (byte)missing;
        local.Index = 0;
        local.Condemned.Clear();
        local.Next = (byte)(missing == 0 || scenario.Has(Flaw.CommitBeforePack) ? Step.Commit : Step.Pack);
        return null;
    }

    private static string? Commit(World world, Scenario scenario, Local local, int writer)
    {
        int point = scenario.Points.Count + writer;
        local.Next = (byte)(scenario.Has(Flaw.CommitBeforePack) && local.Chunks != 0 ? Step.Pack
            : scenario.Has(Flaw.NoLease) ? Step.Done : Step.End);
        if (world.Point(point) != PointState.None)
        {
            return null;
        }

        world.Point(point) = PointState.Committed;
        world.PointBorn(point) = world.Stamp;
        return (local.Packs & ~world.ExistingPacks()) == 0 ? null
            : $"writer {writer} commits a point that relies on pack {System.Numerics.BitOperations.TrailingZeroCount(local.Packs & ~world.ExistingPacks())}, which has been removed";
    }

    internal static void EndLease(World world, Scenario scenario, int generation, int slot)
    {
        ref byte lease = ref world.Lease(generation, slot);
        if (lease != 0)
        {
            lease = scenario.Has(Flaw.SlotsDeletedAtEnd) ? (byte)0 : (byte)(lease | 8);
        }
    }

    internal static int InitialPacks(Scenario scenario) => (1 << scenario.Packs.Count) - 1;
}
