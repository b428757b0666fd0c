namespace VProtect.Simulation.Model;

/// <summary>:: 5. Rewriting, as a writer with a lease of its own.</summary>
internal static partial class CollectorProcess
{
    private static string? RewriteStep(World world, Scenario scenario, int process, Local local, CollectorSpec spec, Choice choice)
    {
        int n = local.Generation;
        switch ((Step)local.Next)
        {
            case Step.TakeLease:
                ref byte lease = ref world.Lease(n, local.Slot);
                if (lease != 0)
                {
                    local.Slot++;
                    return local.Slot == World.SlotCount ? "the model has too few slots" : null;
                }

                lease = (byte)((process + 1) | (world.Stamp << 4));
                local.Next = (byte)Step.LookForNext;
                return null;
            case Step.LookForNext:
                local.Next = (byte)(world.HasState(n + 1) ? Step.GiveBack : Step.LookForOwn);
                return null;
            case Step.LookForOwn:
                local.Next = (byte)(n > 0 && !world.HasState(n) ? Step.GiveBack
                    : scenario.Has(Flaw.NoListingLast) ? Step.Rewrite : Step.ListStates);
                return null;
            case Step.ListStates:
                local.Next = (byte)(Listing.HighestState(world, scenario, choice) <= n ? Step.Rewrite : Step.GiveBack);
                return null;
            case Step.GiveBack:
                // Another collector was faster: this collection ends.
                WriterProcess.EndLease(world, scenario, n, local.Slot);
                End(local);
                return null;
            case Step.Rewrite:
                Rewrite(world, scenario, process, local);
                return null;
            default:
                WriterProcess.EndLease(world, scenario, n, local.Slot);
                local.Slot = 0;
                local.Next = (byte)Step.Create;
                return null;
        }
    }

    private static void Rewrite(World world, Scenario scenario, int process, Local local)
    {
        // What another collector has swept meanwhile lies elsewhere, or it would not have been.
        int readable = 0;
        for (int pack = 0; pack < World.PackCount; pack++)
        {
            readable |= (local.Emptied & (1 << pack)) != 0 && world.Pack(pack) == 1 ? world.PackChunks(pack) : 0;
        }

        int target = Repository.RewritePackOf(world, scenario);
        int chunks = local.Chunks & readable;
        if (chunks != 0)
        {
            world.CreatePack(target, chunks, local.Generation);
            local.Index |= 1 << target;
        }

        for (int pack = 0; pack < World.PackCount; pack++)
        {
            bool isEmptied = (local.Emptied & (1 << pack)) != 0 && local.NextCondemned[pack] == 0;
            local.NextCondemned[pack] = isEmptied ? (byte)(local.Generation + 1) : local.NextCondemned[pack];
        }

        local.Emptied = 0;
        local.Chunks = 0;
        local.Next = (byte)Step.EndLease;
    }
}
