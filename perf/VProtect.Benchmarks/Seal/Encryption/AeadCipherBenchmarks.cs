using BenchmarkDotNet.Attributes;
using VProtect.Mover.Seal.Encryption;

namespace VProtect.Benchmarks.Seal.Encryption;

/// <summary>Lengths of chunks after compression, and one so short that only the cost of a call is left.</summary>
public class AeadCipherBenchmarks : IDisposable
{
    private readonly byte[] _nonce = new byte[AeadCipher.NonceLengthBytes];
    private readonly byte[] _tag = new byte[AeadCipher.TagLengthBytes];
    private readonly AeadCipher _cipher = new(new byte[AeadCipher.KeyLengthBytes]);
    private byte[] _plain = [];
    private byte[] _sealed = [];

    [Params(16, 20_480, 65_536)]
    public int LengthBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _plain = Corpus.Random(LengthBytes);
        _sealed = new byte[LengthBytes];
        Encrypt();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _cipher.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void Encrypt() => _cipher.Encrypt(_nonce, _plain, _sealed, _tag, _nonce);

    [Benchmark]
    public bool Decrypt() => _cipher.Decrypt(_nonce, _sealed, _tag, _plain, _nonce);
}
