using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Tests;

/// <summary>A directory for an index that goes away with the test, and ids and packs made from numbers.</summary>
internal sealed class TestIndex : IDisposable
{
    public TestIndex() => Root = Directory.CreateTempSubdirectory("vprotect-index-").FullName;

    public string Root { get; }

    public FasterChunkIndex Open(long memoryBytesMax = 4 << 20, Func<string, IndexFile>? openFile = null) =>
        FasterChunkIndex.Open(
            new ChunkIndexOptions { Directory = Root, MemoryBytesMax = memoryBytesMax },
            NullLogger.Instance,
            openFile ?? (static path => new IndexFile(path)));

    public string FileLike(string prefix) => Directory.GetFiles(Root, prefix + "*").Order(StringComparer.Ordinal).Last();

    public TestIndex Copy()
    {
        var copy = new TestIndex();
        foreach (string file in Directory.GetFiles(Root))
        {
            File.Copy(file, Path.Combine(copy.Root, Path.GetFileName(file)));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public static ChunkId Id(long n)
    {
        Span<ulong> words = stackalloc ulong[4];
        var random = new SplitMix((ulong)n);
        foreach (ref ulong word in words)
        {
            word = random.Next();
        }

        return new ChunkId(MemoryMarshal.AsBytes(words));
    }

    public static PackId Pack(int n) => new((UInt128)(n + 1));

    /// <summary>Entries for the chunks numbered <paramref name="first"/> and on; what they say follows from chunk and pack.</summary>
    public static PackEntry[] Entries(int pack, long first, int count)
    {
        var entries = new PackEntry[count];
        for (int i = 0; i < count; i++)
        {
            entries[i] = Entry(pack, first + i);
        }

        return entries;
    }

    public static PackEntry Entry(int pack, long chunk) =>
        new(Id(chunk), (uint)((chunk * 131) + (pack * 7919)), (uint)(chunk % 60_000) + 1, 65_536);

    public static ChunkLocation Location(int pack, long chunk)
    {
        PackEntry entry = Entry(pack, chunk);
        return new ChunkLocation(Pack(pack), entry.OffsetBytes, entry.StoredBytes, entry.RawBytes);
    }

    private struct SplitMix(ulong state)
    {
        private ulong _state = state * 0xD129_0B2E_8C5F_4A6D;

        public ulong Next()
        {
            ulong x = _state += 0x9E37_79B9_7F4A_7C15;
            x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
            x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
            return x ^ (x >> 31);
        }
    }
}
