using System.Globalization;
using System.Runtime.InteropServices;
using VProtect.Abstractions;

namespace VProtect.IndexScale;

/// <summary>What is measured, and the chunks it is measured with: ids are SplitMix64 words of a counter, so nothing need be remembered to ask for them again.</summary>
internal sealed record Scale
{
    public const int EntriesPerPack = 1000;

    public long Entries { get; private init; } = 10_000_000;

    public long MemoryMib { get; private init; } = 1024;

    public int Adders { get; private init; } = 2;

    /// <summary>Whether the index is told how much comes; else it grows on the way.</summary>
    public bool Reserves { get; private init; } = true;

    public string Directory { get; private init; } = Path.Combine(Path.GetTempPath(), $"vprotect-index-{Environment.ProcessId}");

    /// <summary>What a process of its own is to do: reopen, or kill itself.</summary>
    public string Part { get; private init; } = "all";

    public long Packs => (Entries + EntriesPerPack - 1) / EntriesPerPack;

    public static Scale Parse(string[] args)
    {
        var scale = new Scale();
        for (int i = 0; i < args.Length; i++)
        {
            string Value() => i + 1 < args.Length ? args[++i] : throw new ArgumentException($"{args[i]} needs a value");
            long Number() => long.Parse(Value(), CultureInfo.InvariantCulture);
            scale = args[i] switch
            {
                "--entries" => scale with { Entries = Number() },
                "--memory" => scale with { MemoryMib = Number() },
                "--adders" => scale with { Adders = (int)Number() },
                "--directory" => scale with { Directory = Value() },
                "--part" => scale with { Part = Value() },
                "--grow" => scale with { Reserves = false },
                _ => throw new ArgumentException($"{args[i]}? [--entries N] [--memory MIB] [--adders N] [--grow] [--directory PATH] [--part all|footers]"),
            };
        }

        return scale;
    }

    public string[] Arguments(string part) =>
        ["--entries", $"{Entries}", "--memory", $"{MemoryMib}", "--directory", Directory, "--part", part];

    public static PackId Pack(long pack) => new((UInt128)(pack + 1));

    public static void Fill(Span<PackEntry> entries, long pack)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new PackEntry(Id((pack * EntriesPerPack) + i), (uint)(i * 65_000), 40_000, 65_536);
        }
    }

    public static ChunkId Id(long n)
    {
        Span<ulong> words = [Mix((ulong)n * 4), Mix(((ulong)n * 4) + 1), Mix(((ulong)n * 4) + 2), Mix(((ulong)n * 4) + 3)];
        return new ChunkId(MemoryMarshal.AsBytes(words));
    }

    public static ulong Mix(ulong x)
    {
        x += 0x9E37_79B9_7F4A_7C15;
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
