namespace VProtect.Simulation.Model;

/// <summary>
/// One state of the search: the objects of an abstract repository and where each process stands, in a flat row of bytes, so that it
/// is copied and hashed in nanoseconds. A byte that no longer matters is set to zero, which makes equal what behaves alike.
/// </summary>
internal sealed class World
{
    public const int GenerationCount = 15;
    public const int PackCount = 12;
    public const int PointCount = 6;
    public const int SlotCount = 4;
    public const int ProcessCount = 7;
    public const int LagMax = 3;

    /// <summary>Presence (0 absent, 1 there, 2 created again after removal), generation of removal, packs, oldest leases.</summary>
    public const int StateBytes = 2 + PackCount + LagMax + 1;

    public const int LocalBytes = 56;

    private const int StatesAt = 4;
    private const int LeasesAt = StatesAt + (GenerationCount * StateBytes);
    private const int PointsAt = LeasesAt + (GenerationCount * SlotCount);
    private const int MarksAt = PointsAt + (PointCount * 2);
    private const int HoldsAt = MarksAt + (PointCount * 2);
    private const int PacksAt = HoldsAt + (PointCount * 2);
    private const int LocalsAt = PacksAt + (PackCount * 5);

    /// <summary>Bytes of a state: a multiple of 8.</summary>
    public const int SizeBytes = (LocalsAt + (ProcessCount * LocalBytes) + 7) / 8 * 8;

    public readonly byte[] Bytes = new byte[SizeBytes];

    /// <summary>The highest generation ever created. No process sees it; it measures how old a listing may be.</summary>
    public ref byte Highest => ref Bytes[0];

    public ref byte Crashes => ref Bytes[1];

    public ref byte Breaks => ref Bytes[2];

    /// <summary>The present, as objects note it: the highest generation plus one. 0 is long ago.</summary>
    public byte Stamp => (byte)(Highest + 1);

    public Span<byte> StateOf(int generation) => Bytes.AsSpan(StatesAt + (generation * StateBytes), StateBytes);

    public bool HasState(int generation) => Bytes[StatesAt + (generation * StateBytes)] != 0;

    /// <summary>0 free; else the owner plus one, with bit 3 when it has ended and bits 4 up the generation in which it was created plus one.</summary>
    public ref byte Lease(int generation, int slot) => ref Bytes[LeasesAt + (generation * SlotCount) + slot];

    public ref byte Point(int point) => ref Bytes[PointsAt + (point * 2)];

    public ref byte PointBorn(int point) => ref Bytes[PointsAt + (point * 2) + 1];

    /// <summary>0 never, 1 there, 2 removed.</summary>
    public ref byte Mark(int point) => ref Bytes[MarksAt + (point * 2)];

    public ref byte MarkBorn(int point) => ref Bytes[MarksAt + (point * 2) + 1];

    /// <summary>Bit 0: the object exists. Bit 1: its creator has been told that the point is held.</summary>
    public ref byte Hold(int point) => ref Bytes[HoldsAt + (point * 2)];

    public ref byte HoldBorn(int point) => ref Bytes[HoldsAt + (point * 2) + 1];

    /// <summary>0 never, 1 there, 2 removed.</summary>
    public ref byte Pack(int pack) => ref Bytes[PacksAt + (pack * 5)];

    public ref byte PackChunks(int pack) => ref Bytes[PacksAt + (pack * 5) + 1];

    /// <summary>The generation of its writer's lease, from its header.</summary>
    public ref byte PackGeneration(int pack) => ref Bytes[PacksAt + (pack * 5) + 2];

    public ref byte PackBorn(int pack) => ref Bytes[PacksAt + (pack * 5) + 3];

    public ref byte PackDied(int pack) => ref Bytes[PacksAt + (pack * 5) + 4];

    public Local LocalOf(int process) => new(Bytes.AsSpan(LocalsAt + (process * LocalBytes), LocalBytes));

    public int ExistingPacks()
    {
        int packs = 0;
        for (int pack = 0; pack < PackCount; pack++)
        {
            packs |= Pack(pack) == 1 ? 1 << pack : 0;
        }

        return packs;
    }

    public void CreatePack(int pack, int chunks, int generation)
    {
        Pack(pack) = 1;
        PackChunks(pack) = (byte)chunks;
        PackGeneration(pack) = (byte)generation;
        PackBorn(pack) = Stamp;
    }

    public void CopyFrom(World other) => other.Bytes.AsSpan().CopyTo(Bytes);
}

/// <summary>States of a point's key.</summary>
internal static class PointState
{
    public const byte None = 0;
    public const byte Committed = 1;
    public const byte Aborted = 2;
    public const byte Removed = 3;
}
