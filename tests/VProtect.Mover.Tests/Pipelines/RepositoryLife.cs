using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Tests.Damage;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Pipelines;

/// <summary>
/// A repository, two processes that use it, and a model of what it must hold: one step at a time, each drawn from a seed.
/// </summary>
internal sealed class RepositoryLife : IAsyncDisposable
{
    /// <summary>After so many collections nothing that is not needed may be left.</summary>
    private const int CollectionsMax = 5;

    private readonly MemoryStore _store;
    private readonly bool _encrypt;
    private readonly Random _random;
    private readonly TestRepository[] _processes;
    private readonly byte[][] _disks;
    private readonly string?[] _latest;
    private readonly Dictionary<string, byte[]> _listed = [];
    private readonly Dictionary<string, byte[]> _forgotten = [];
    private readonly HashSet<string> _held = [];

    private RepositoryLife(TestRepository first, TestRepository second, bool encrypt, Random random)
    {
        _store = first.Store;
        _encrypt = encrypt;
        _random = random;
        _processes = [first, second];
        _disks = [RandomDisk.Create(random, 600_000), RandomDisk.Create(random, 333_333), new byte[100_000]];
        _latest = new string?[_disks.Length];
    }

    private TestRepository Process => _processes[_random.Next(2)];

    public static async Task<RepositoryLife> BeginAsync(int seed, bool encrypt)
    {
        TestRepository first = await TestRepository.CreateAsync(encrypt);
        return new RepositoryLife(first, await first.OpenAgainAsync(), encrypt, new Random(seed));
    }

    /// <summary>Does one thing.</summary>
    /// <returns>What it was.</returns>
    public async Task<string> StepAsync()
    {
        switch (_random.Next(20))
        {
            case < 7:
                return await BackUpAsync();
            case < 10 when Any(_listed.Keys.Except(_held)) is { } point && _listed.Count > 2:
                await Process.Repository.ForgetAsync((await Process.Repository.ReadPointAsync(point, default))!, default);
                _listed.Remove(point, out byte[]? content);
                _forgotten.Add(point, content!);
                return $"forget {point}";
            case 10 when Any(_forgotten.Keys) is { } point:
                await _store.DeleteAsync($"forgotten/{point}", default);
                _forgotten.Remove(point, out byte[]? back);
                _listed.Add(point, back!);
                return $"unforget {point}";
            case 11 when Any(_listed.Keys.Except(_held)) is { } point:
                return await HoldAsync(point);
            case 12 when Any(_held) is { } point:
                await _store.DeleteAsync($"holds/{point}", default);
                _held.Remove(point);
                return $"release {point}";
            case < 15:
                await CollectAsync(_random.Next(3) switch { 0 => 0, 1 => 0.5, _ => 0.95 });
                return "collect";
            case 15:
                return await DamageAndHealAsync();
            case 16 when _encrypt:
                await Process.RotateAsync();
                await ReopenAsync(0);
                await ReopenAsync(1);
                return "rotate";
            case 17 when _encrypt:
                await Process.ChangeKeyAsync();
                return "change key";
            case 18:
                IsSound(await Process.VerifyAsync());
                return "verify";
            default:
                // With it go its chunk index and its ledger of references.
                await ReopenAsync(_random.Next(2));
                return "reopen";
        }
    }

    /// <summary>What is listed is what the model lists, and gives its bytes back.</summary>
    public async Task CheckAsync()
    {
        TestRepository process = Process;
        IReadOnlyList<RestorePoint> points = await process.Repository.ListPointsAsync(default);
        Assert.Equal(_listed.Keys.Order(StringComparer.Ordinal), points.Select(point => point.Id).Order(StringComparer.Ordinal));
        foreach (RestorePoint point in points)
        {
            byte[] restored = await process.RestoreAsync(point);
            Assert.True(_listed[point.Id].AsSpan().SequenceEqual(restored), $"{point.Id} differs");
        }
    }

    /// <summary>All is sound, and with everything forgotten nothing is left.</summary>
    public async Task EndAsync()
    {
        await CheckAsync();
        IsSound(await Process.VerifyAsync());
        foreach (string point in _held)
        {
            await _store.DeleteAsync($"holds/{point}", default);
        }

        foreach (RestorePoint point in await Process.Repository.ListPointsAsync(default))
        {
            await Process.Repository.ForgetAsync(point, default);
        }

        // One that has no memory of what was: whatever the ledgers of the others went through.
        await ReopenAsync(0);
        for (int i = 0; i < CollectionsMax; i++)
        {
            await _processes[0].CollectAsync(rewriteBelow: 0);
        }

        Assert.Empty(await Process.KeysAsync("packs/"));
        Assert.Empty(await Process.KeysAsync("forgotten/"));
    }

    public async ValueTask DisposeAsync()
    {
        await _processes[0].DisposeAsync();
        await _processes[1].DisposeAsync();
    }

    private async Task<string> BackUpAsync()
    {
        int machine = _random.Next(_disks.Length);
        List<Extent> changes = RandomDisk.Change(_random, _disks[machine]);

        // Changes are told since this machine's last backup: they count only while that point is its latest.
        bool isTold = _latest[machine] is { } last && _listed.ContainsKey(last) && _random.Next(2) == 0;
        RestorePoint point = await Process.BackUpAsync(_disks[machine], $"vm{machine}", isTold ? changes : null);
        _listed.Add(_latest[machine] = point.Id, [.. _disks[machine]]);
        return $"back up vm{machine} as {point.Id}";
    }

    private async Task<string> HoldAsync(string point)
    {
        byte[] body = Encoding.UTF8.GetBytes("{\"at\":\"2026-11-22T00:00:00Z\",\"reason\":\"trial\"}");
        await _store.PutIfAbsentAsync($"holds/{point}", Envelope.Clear(EnvelopeKind.Hold, body), default);
        _held.Add(point);
        RestorePoint held = (await Process.Repository.ReadPointAsync(point, default))!;
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => Process.Repository.ForgetAsync(held, default));
        Assert.Equal(ErrorCode.RestorePointHeld, error.Code);
        return $"hold {point}";
    }

    private async Task CollectAsync(double rewriteBelow)
    {
        await Process.CollectAsync(rewriteBelow);
        foreach (string point in _forgotten.Keys)
        {
            Assert.Null(await Process.Repository.ReadPointAsync(point, default));
        }

        _forgotten.Clear();
    }

    /// <summary>Damages a pack, verifies, and backs up every lost point's bytes again, until all is sound.</summary>
    private async Task<string> DamageAndHealAsync()
    {
        if (Any(await Process.KeysAsync("packs/")) is not { } pack)
        {
            return "no pack to damage";
        }

        byte[] bytes = (await StoreImage.OfAsync(_store)).Objects[pack];
        int kind = _random.Next(5);
        await _store.DeleteAsync(pack, default);
        if (kind > 0)
        {
            bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
            await _store.PutIfAbsentAsync(pack, kind == 1 ? [] : kind == 2 ? bytes[.._random.Next(bytes.Length)] : bytes, default);
        }

        // Whoever forgot a point meanwhile can no longer count on having it back.
        _forgotten.Clear();
        TestRepository process = Process;
        foreach (AffectedPoint affected in (await process.VerifyAsync()).Affected)
        {
            // A full read of the same bytes writes again what is missing, chunks and nodes.
            RestorePoint again = await process.BackUpAsync(_listed[affected.Id], $"heal{_random.Next()}");
            _listed.Add(again.Id, _listed[affected.Id]);
        }

        Assert.Empty((await process.VerifyAsync()).Affected);

        // The pack goes, with its marks, when a collection finds nothing in it that is not elsewhere; until then it is told as damaged.
        // A collector without memory counts anew from the points.
        await ReopenAsync(0);
        process = _processes[0];
        VerifyResult result = await process.VerifyAsync();
        for (int i = 0; i < CollectionsMax && !result.IsSound; i++)
        {
            await process.CollectAsync(rewriteBelow: 1.01);
            result = await process.VerifyAsync();
        }

        IsSound(result);
        return $"damage {pack} in way {kind}";
    }

    private static void IsSound(VerifyResult result)
    {
        IEnumerable<string> faults = result.Faults.Concat(result.DamagedChunks.Select(chunk => $"{chunk.Id} in {chunk.Pack}: {chunk.Fault}"));
        Assert.True(result.IsSound, $"{string.Join("; ", faults)}; affected: {string.Join(", ", result.Affected.Select(point => point.Id))}");
    }

    private async Task ReopenAsync(int which)
    {
        await _processes[which].DisposeAsync();
        _processes[which] = await TestRepository.OpenAsync(_store, _encrypt);
    }

    private string? Any(IEnumerable<string> keys)
    {
        string[] all = [.. keys.Order(StringComparer.Ordinal)];
        return all.Length == 0 ? null : all[_random.Next(all.Length)];
    }
}
