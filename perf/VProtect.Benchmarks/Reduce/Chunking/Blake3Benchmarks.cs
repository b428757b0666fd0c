using BenchmarkDotNet.Attributes;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Benchmarks.Reduce.Chunking;

/// <summary>Chunk ids at each vector width, and the hash of whole objects. Compare with b3sum --num-threads 1.</summary>
public class Blake3Benchmarks
{
    private readonly byte[] _hash = new byte[32];
    private readonly Blake3Hasher _hasher = new();
    private byte[] _input = [];

    [Params(4096, 65_536, 1_048_576)]
    public int LengthBytes { get; set; }

    [GlobalSetup]
    public void Setup() => _input = Corpus.Random(LengthBytes);

    [Benchmark]
    [Arguments(1)]
    [Arguments(4)]
    [Arguments(8)]
    [Arguments(16)]
    public void KeyedHash(int lanes) => Blake3.KeyedHash(_hash, _input, _hash, Math.Min(lanes, Blake3Tree.WidestLanes));

    [Benchmark]
    public void Hasher()
    {
        _hasher.Reset();
        _hasher.Update(_input);
        _hasher.Finish(_hash);
    }
}
