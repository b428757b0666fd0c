using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Mover.Upkeep;

/// <summary>Which packs a verification reads.</summary>
public sealed record VerifySelection
{
    /// <summary>This part of the stored bytes, those that were not looked at for the longest time first: repeated samples cover everything. Default 100.</summary>
    public double SamplePercent { get; init; } = 100;

    /// <summary>Orders packs of which nothing tells them apart. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Only packs not verified since then; null for any.</summary>
    public DateTimeOffset? NotSince { get; init; }

    /// <summary>Only packs that no verification has read yet. Default false.</summary>
    public bool OnlyNew { get; init; }

    /// <summary>Only what this restore point needs: its whole id; null for any.</summary>
    public string? Point { get; init; }

    /// <summary>Only what this machine's restore points need; null for any.</summary>
    public string? Machine { get; init; }

    /// <summary>Whether only some restore points are looked at.</summary>
    public bool IsOfPoints => Point is not null || Machine is not null;

    /// <summary>Whether every pack is read.</summary>
    public bool IsEverything => !IsOfPoints && SamplePercent >= 100 && NotSince is null && !OnlyNew;

    /// <summary>A number that is the same for the same selection, by which an interrupted verification is known again. Not by date.</summary>
    internal UInt128 Identify(VerifyLevel level)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{level}/{SamplePercent}/{NotSince is not null}/{OnlyNew}/{Point}/{Machine}");
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(Encoding.UTF8.GetBytes(text), hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>Chooses packs, in the order they are to be read.</summary>
    /// <param name="packs">All there are, with their sizes.</param>
    /// <param name="journal">What earlier verifications did; null when nothing is known.</param>
    /// <param name="run">The present run; what it has read already is left out and counts towards the sample.</param>
    /// <param name="level">How deep this one looks: earlier ones that looked less deep do not count.</param>
    internal List<(PackId Id, long SizeBytes)> Choose(
        IReadOnlyCollection<(PackId Id, long SizeBytes)> packs, VerifyJournal? journal, uint run, VerifyLevel level)
    {
        var known = packs.Select(pack => (Pack: pack, Last: journal?.Find(pack.Id, level) ?? default)).ToList();
        long done = known.Where(pack => pack.Last.Run == run && run > 0).Sum(pack => pack.Pack.SizeBytes);
        var open = known
            .Where(pack => pack.Last.Run != run || run == 0)
            .Where(pack => !OnlyNew || pack.Last.Run == 0)
            .Where(pack => NotSince is null || pack.Last.Run == 0 || pack.Last.At < NotSince)
            .OrderBy(pack => pack.Last.Run)
            .ThenBy(pack => Shuffle(pack.Pack.Id))
            .Select(pack => pack.Pack)
            .ToList();
        if (SamplePercent >= 100)
        {
            return open;
        }

        long wanted = (long)Math.Ceiling(packs.Sum(pack => pack.SizeBytes) * SamplePercent / 100) - done;
        int count = 0;
        while (count < open.Count && wanted > 0)
        {
            wanted -= open[count++].SizeBytes;
        }

        open.RemoveRange(count, open.Count - count);
        return open;
    }

    /// <summary>Pack ids are random: mixed with a seed they are an order that says nothing.</summary>
    private ulong Shuffle(PackId pack) => ((ulong)pack.Value ^ ((ulong)(uint)Seed * 0x9E37_79B9_7F4A_7C15)) * 0xBF58_476D_1CE4_E5B9;
}
