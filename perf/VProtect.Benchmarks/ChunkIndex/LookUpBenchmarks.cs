using System.Buffers.Binary;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using VProtect.Abstractions;
using VProtect.ChunkIndex;

namespace VProtect.Benchmarks.ChunkIndex;

/// <summary>One look-up in an index of 200,000 chunks that fit in memory; 10 M and more are VProtect.IndexScale's.</summary>
public class LookUpBenchmarks
{
    private const int EntryCount = 200_000;
    private readonly ChunkId[] _ids = new ChunkId[EntryCount];
    private string _directory = "";
    private FasterChunkIndex? _index;
    private IChunkIndexSession? _session;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        _directory = Directory.CreateTempSubdirectory("vprotect-bench-").FullName;
        _index = FasterChunkIndex.Open(new ChunkIndexOptions { Directory = _directory, MemoryBytesMax = 64L << 20 });
        var entries = new PackEntry[EntryCount];
        Span<byte> seed = stackalloc byte[8];
        for (int i = 0; i < EntryCount; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(seed, i);
            _ids[i] = new ChunkId(SHA256.HashData(seed));
            entries[i] = new PackEntry(_ids[i], (uint)i * 4096, 4000, 65_536);
        }

        _index.AddPack(PackId.NewRandom(), entries);
        _session = _index.OpenSession();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _session!.Dispose();
        _index!.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark]
    public bool Hit()
    {
        _next = (_next + 7919) % EntryCount;
        return _session!.TryFind(_ids[_next], out _);
    }

    [Benchmark]
    public bool Miss()
    {
        _next = (_next + 7919) % EntryCount;
        Span<byte> id = stackalloc byte[ChunkId.LengthBytes];
        _ids[_next].CopyTo(id);
        id[31] ^= 1;
        id[0] ^= 1;
        return _session!.TryFind(new ChunkId(id), out _);
    }
}
