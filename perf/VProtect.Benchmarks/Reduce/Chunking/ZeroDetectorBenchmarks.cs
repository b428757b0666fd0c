using BenchmarkDotNet.Attributes;
using VProtect.Mover.Reduce.Chunking;

namespace VProtect.Benchmarks.Reduce.Chunking;

public class ZeroDetectorBenchmarks
{
    private byte[] _zeros = [];
    private byte[] _data = [];

    // The last is larger than caches: the speed of memory.
    [Params(65_536, 67_108_864)]
    public int LengthBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _zeros = new byte[LengthBytes];
        _data = Corpus.Random(LengthBytes);
    }

    [Benchmark]
    public bool Zeros() => ZeroDetector.IsZero(_zeros);

    [Benchmark]
    public bool Data() => ZeroDetector.IsZero(_data);
}
