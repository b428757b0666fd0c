using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.ChunkIndex.Ledger;

namespace VProtect.ChunkIndex.Tests.Ledger;

/// <summary>A directory for a ledger that goes away with the test. Little memory, so that small tests go through pages too.</summary>
internal sealed class TestLedger : IDisposable
{
    /// <summary>Changes that fit in memory: three quarters of 2048 slots.</summary>
    public const int ChangesMax = 1536;

    public TestLedger() => Root = Directory.CreateTempSubdirectory("vprotect-ledger-").FullName;

    public string Root { get; }

    public ReferenceLedgerOptions Options => new() { Directory = Root, CacheBytesMax = 256 << 10, ChangeBytesMax = 64 << 10 };

    public ReferenceLedger Open(LedgerDirectory? directory = null) =>
        ReferenceLedger.Open(Options, NullLogger.Instance, directory ?? new LedgerDirectory(Root));

    public string PathOf(string name) => Path.Combine(Root, name);

    public string Pages => Directory.GetFiles(Root, "ledger-pages-*").Single();

    public TestLedger Copy()
    {
        var copy = new TestLedger();
        foreach (string file in Directory.GetFiles(Root))
        {
            File.Copy(file, copy.PathOf(Path.GetFileName(file)));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public static string PointId(int n) => ((UInt128)(n + 1)).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What a ledger should say, as dictionaries; and random work that is done to both.</summary>
internal sealed class LedgerModel
{
    private readonly Dictionary<int, long> _counts = [];
    private readonly Dictionary<string, ChunkId[]> _points = [];
    private readonly Dictionary<PackId, PackUse> _packs = [];

    public LedgerModel()
    {
    }

    private LedgerModel(LedgerModel other)
    {
        _counts = new(other._counts);
        _points = new(other._points);
        _packs = new(other._packs);
    }

    public int Entries => _counts.Count;

    public LedgerModel Clone() => new(this);

    /// <summary>Does the same random things to the ledger and to this.</summary>
    public void Work(ReferenceLedger ledger, Random random, int steps, int ids)
    {
        for (int step = 0; step < steps; step++)
        {
            int n = random.Next(ids);
            switch (random.Next(40))
            {
                case 0:
                    ChunkId[] roots = [.. Enumerable.Range(0, random.Next(4)).Select(i => TestIndex.Id(n + i))];
                    ledger.SetPoint(TestLedger.PointId(n % 50), roots);
                    _points[TestLedger.PointId(n % 50)] = roots;
                    break;
                case 1:
                    ledger.RemovePoint(TestLedger.PointId(n % 50));
                    _points.Remove(TestLedger.PointId(n % 50));
                    break;
                case 2:
                    var use = new PackUse(n + 1000, n, n % 2 == 0);
                    ledger.SetPack(TestIndex.Pack(n % 50), use);
                    _packs[TestIndex.Pack(n % 50)] = use;
                    break;
                case 3:
                    ledger.RemovePack(TestIndex.Pack(n % 50));
                    _packs.Remove(TestIndex.Pack(n % 50));
                    break;
                default:
                    long count = _counts.GetValueOrDefault(n);
                    Add(ledger, n, count > 0 && random.Next(5) < 2 ? -1 : 1);
                    break;
            }
        }
    }

    public void Add(ReferenceLedger ledger, int n, int change)
    {
        long count = _counts.GetValueOrDefault(n) + change;
        Assert.Equal(count, ledger.Add(TestIndex.Id(n), change));
        _ = count == 0 ? _counts.Remove(n) : (_counts[n] = count) > 0;
    }

    /// <summary>Null when the ledger says the same, else the first difference.</summary>
    public string? DifferenceTo(ReferenceLedger ledger, int ids)
    {
        for (int n = 0; n < ids; n++)
        {
            long count = ledger.CountOf(TestIndex.Id(n));
            if (count != _counts.GetValueOrDefault(n))
            {
                return $"count of {n}: {count}, expected {_counts.GetValueOrDefault(n)}";
            }
        }

        bool samePoints = ledger.Points.Count == _points.Count
            && _points.All(point => ledger.Points.TryGetValue(point.Key, out IReadOnlyList<ChunkId>? roots) && roots.SequenceEqual(point.Value));
        bool samePacks = ledger.Packs.Count == _packs.Count
            && _packs.All(pack => ledger.Packs.TryGetValue(pack.Key, out PackUse use) && use == pack.Value);
        return samePoints ? samePacks ? null : "packs" : "points";
    }
}
