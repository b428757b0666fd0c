namespace VProtect.Mover.View.Overlay;

/// <summary>
/// Block → what the overlay has of it: <see cref="Base"/>, <see cref="Zero"/>, or a page. Grown in groups of 512 blocks; groups and whole
/// gibibytes of zeros are shared, so that discarding a huge disk costs little. Not thread-safe.
/// </summary>
internal sealed class OverlayMap
{
    /// <summary>Not written: the restore point's.</summary>
    public const uint Base = 0;

    /// <summary>Reads as zeros.</summary>
    public const uint Zero = 1;

    private const int GroupBits = 9;
    private const int GroupBlocks = 1 << GroupBits;
    private const long RegionBlocks = 1L << (2 * GroupBits);

    private static readonly uint[] ZeroGroup = [.. Enumerable.Repeat(Zero, GroupBlocks)];
    private static readonly uint[]?[] ZeroRegion = [.. Enumerable.Repeat(ZeroGroup, GroupBlocks)];

    private readonly SortedDictionary<long, uint[]?[]> _regions = [];
    private readonly Dictionary<long, uint[]?[]> _byNumber = [];

    /// <summary>Blocks that are not <see cref="Base"/>.</summary>
    public long ChangedBlocks { get; private set; }

    public uint this[long block] =>
        _byNumber.TryGetValue(block / RegionBlocks, out uint[]?[]? region) && region[GroupOf(block)] is { } group ? group[block & (GroupBlocks - 1)] : Base;

    /// <summary>Sets a block.</summary>
    /// <returns>What it was.</returns>
    public uint Set(long block, uint value)
    {
        uint[]?[] region = OwnRegion(block / RegionBlocks);
        uint[]? group = region[GroupOf(block)];
        if (group is null || ReferenceEquals(group, ZeroGroup))
        {
            region[GroupOf(block)] = group = group is null ? new uint[GroupBlocks] : [.. ZeroGroup];
        }

        ref uint slot = ref group[block & (GroupBlocks - 1)];
        uint old = slot;
        slot = value;
        ChangedBlocks += (old == Base ? 1 : 0) - (value == Base ? 1 : 0);
        return old;
    }

    /// <summary>Makes a run of blocks zeros.</summary>
    /// <param name="block">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="freed">Receives the pages that had been theirs.</param>
    public void SetZeros(long block, long count, List<uint> freed)
    {
        while (count > 0)
        {
            long done;
            if (block % RegionBlocks == 0 && count >= RegionBlocks)
            {
                done = RegionBlocks;
                if (_byNumber.TryGetValue(block / RegionBlocks, out uint[]?[]? region) && !ReferenceEquals(region, ZeroRegion))
                {
                    foreach (uint[]? group in region)
                    {
                        Forget(group, freed);
                    }
                }
                else
                {
                    ChangedBlocks += region is null ? RegionBlocks : 0;
                }

                SetRegion(block / RegionBlocks, ZeroRegion);
            }
            else if (block % GroupBlocks == 0 && count >= GroupBlocks)
            {
                done = GroupBlocks;
                uint[]?[] region = OwnRegion(block / RegionBlocks);
                Forget(region[GroupOf(block)], freed);
                region[GroupOf(block)] = ZeroGroup;
            }
            else
            {
                done = 1;
                uint old = Set(block, Zero);
                if (old > Zero)
                {
                    freed.Add(old);
                }
            }

            block += done;
            count -= done;
        }
    }

    /// <summary>How many blocks from one on, at most so many, are of its kind: the restore point's, zeros, or written.</summary>
    public long GetRunLength(long block, long countMax)
    {
        uint kind = Math.Min(this[block], Zero + 1);
        long end = block + countMax;
        long at = block;
        while (at < end)
        {
            uint[]?[]? region = _byNumber.GetValueOrDefault(at / RegionBlocks);
            uint[]? group = region?[GroupOf(at)];
            if (region is null || ReferenceEquals(region, ZeroRegion) || group is null || ReferenceEquals(group, ZeroGroup))
            {
                if (kind != (group is null ? Base : Zero))
                {
                    break;
                }

                long step = region is null || ReferenceEquals(region, ZeroRegion) ? RegionBlocks : GroupBlocks;
                at = ((at / step) + 1) * step;
            }
            else if (Math.Min(group[at & (GroupBlocks - 1)], Zero + 1) == kind)
            {
                at++;
            }
            else
            {
                break;
            }
        }

        return Math.Min(at, end) - block;
    }

    /// <summary>Runs of blocks that are not <see cref="Base"/>, in order: zeros, or pages in a row.</summary>
    public IEnumerable<(long Block, long Count, uint Page)> Runs()
    {
        (long Block, long Count, uint Page) run = default;
        foreach ((long number, uint[]?[] region) in _regions)
        {
            if (ReferenceEquals(region, ZeroRegion))
            {
                if (run.Count == 0 || run.Page != Zero || run.Block + run.Count != number * RegionBlocks)
                {
                    if (run.Count > 0)
                    {
                        yield return run;
                    }

                    run = (number * RegionBlocks, 0, Zero);
                }

                run.Count += RegionBlocks;
                continue;
            }

            for (int g = 0; g < GroupBlocks; g++)
            {
                if (region[g] is not { } group)
                {
                    continue;
                }

                long first = (number * RegionBlocks) + ((long)g * GroupBlocks);
                bool isAllZero = ReferenceEquals(group, ZeroGroup);
                for (int i = 0; i < GroupBlocks; i += isAllZero ? GroupBlocks : 1)
                {
                    uint page = group[i];
                    int count = isAllZero ? GroupBlocks : 1;
                    if (page == Base)
                    {
                        continue;
                    }

                    bool continues = run.Count > 0 && run.Block + run.Count == first + i
                        && (page == Zero ? run.Page == Zero : run.Page > Zero && run.Page + run.Count == page);
                    if (!continues)
                    {
                        if (run.Count > 0)
                        {
                            yield return run;
                        }

                        run = (first + i, 0, page);
                    }

                    run.Count += count;
                }
            }
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }

    private void Forget(uint[]? group, List<uint> freed)
    {
        if (group is null)
        {
            ChangedBlocks += GroupBlocks;
            return;
        }

        if (ReferenceEquals(group, ZeroGroup))
        {
            return;
        }

        foreach (uint page in group)
        {
            ChangedBlocks += page == Base ? 1 : 0;
            if (page > Zero)
            {
                freed.Add(page);
            }
        }
    }

    private uint[]?[] OwnRegion(long number)
    {
        if (!_byNumber.TryGetValue(number, out uint[]?[]? region) || ReferenceEquals(region, ZeroRegion))
        {
            region = region is null ? new uint[]?[GroupBlocks] : [.. ZeroRegion];
            SetRegion(number, region);
        }

        return region;
    }

    private void SetRegion(long number, uint[]?[] region)
    {
        _byNumber[number] = region;
        _regions[number] = region;
    }

    private static int GroupOf(long block) => (int)((block >> GroupBits) & (GroupBlocks - 1));
}
