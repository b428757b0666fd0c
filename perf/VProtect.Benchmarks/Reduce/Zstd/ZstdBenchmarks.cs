using BenchmarkDotNet.Attributes;
using VProtect.Mover.Reduce.Zstd;

namespace VProtect.Benchmarks.Reduce.Zstd;

/// <summary>One chunk after the other through a corpus too large for branch predictors to learn.</summary>
public class ZstdBenchmarks : IDisposable
{
    private byte[] _corpus = [];
    private byte[] _random = [];
    private byte[][] _frames = [];
    private byte[] _target = [];
    private ZstdCompressor? _compressor;
    private ZstdDecompressor? _decompressor;
    private int _next;

    [Params(65_536)]
    public int LengthBytes { get; set; }

    [Params(-3, 1, 3)]
    public int Level { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _corpus = Corpus.Programs();
        _random = Corpus.Random(LengthBytes);
        _target = new byte[LengthBytes];
        _compressor = new ZstdCompressor(Level);
        _decompressor = new ZstdDecompressor();
        List<byte[]> frames = [];
        for (int i = 0; i < _corpus.Length / LengthBytes; i++)
        {
            int length = _compressor.Compress(_corpus.AsSpan(i * LengthBytes, LengthBytes), _target);
            if (length > 0)
            {
                frames.Add(_target[..length]);
            }
        }

        _frames = [.. frames];
        Console.WriteLine($"// level {Level}: {_frames.Sum(f => (long)f.Length) * 100.0 / _corpus.Length:F1} % of the corpus");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _compressor?.Dispose();
        _decompressor?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public int Compress()
    {
        int chunk = _next++ % (_corpus.Length / LengthBytes);
        return _compressor!.Compress(_corpus.AsSpan(chunk * LengthBytes, LengthBytes), _target);
    }

    [Benchmark]
    public int CompressRandom() => _compressor!.Compress(_random, _target);

    [Benchmark]
    public bool Probe() => CompressionProbe.LooksIncompressible(_random);

    [Benchmark]
    public bool Decompress() => _decompressor!.Decompress(_frames[_next++ % _frames.Length], _target);
}
