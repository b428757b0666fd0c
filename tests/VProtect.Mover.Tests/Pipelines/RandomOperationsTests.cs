using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Pipelines;

/// <summary>
/// Goal: no order of operations, and no failure of the store at any of its calls, costs a committed restore point a byte. Method:
/// random operations by two processes on one store, and the Nth call failed for every N, against a model that holds each point's bytes.
/// </summary>
public sealed class RandomOperationsTests
{
    private const int ChunkBytes = 16 << 10;
    private static readonly Secret RecoveryKey = Secret.NewRecoveryKey().Secret;

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task Every_listed_point_gives_back_its_moment_whatever_happened_since(int seed, bool encrypt)
    {
        var random = new Random(seed);
        var store = new MemoryStore();
        await InitAsync(store, encrypt);
        var processes = new Process[] { await Process.OpenAsync(store, encrypt), await Process.OpenAsync(store, encrypt) };
        var disks = new byte[][] { RandomDisk.Create(random, 600_000), RandomDisk.Create(random, 333_333), new byte[100_000] };
        string?[] latest = new string?[disks.Length];
        var model = new Dictionary<string, byte[]>();
        try
        {
            for (int step = 0; step < 48; step++)
            {
                Process process = processes[random.Next(2)];
                string trace = $"seed {seed}, step {step}";
                switch (random.Next(12))
                {
                    case < 5:
                        int machine = random.Next(disks.Length);
                        List<Extent> changes = RandomDisk.Change(random, disks[machine]);

                        // Changes are told since this machine's last backup: they count only while that point is its latest.
                        bool isTold = latest[machine] is { } last && model.ContainsKey(last) && random.Next(2) == 0;
                        RestorePoint point = await process.BackUpAsync($"vm{machine}", disks[machine], isTold ? changes : null);
                        model.Add(latest[machine] = point.Id, [.. disks[machine]]);
                        break;
                    case < 7 when model.Count > 2:
                        string dropped = model.Keys.ElementAt(random.Next(model.Count));
                        RestorePoint wanted = (await process.Repository.ReadPointAsync(dropped, default))!;
                        await process.Repository.ForgetAsync(wanted, default);
                        model.Remove(dropped);
                        break;
                    case < 9:
                        await process.CollectAsync(random.Next(3) switch { 0 => 0, 1 => 0.5, _ => 0.95 });
                        break;
                    case 9:
                        await FlipAndHealAsync(store, process, random, model);
                        break;
                    case 10 when encrypt:
                        await process.Repository.RotateDataKeyAsync(RecoveryKey, default);
                        await ReopenAsync(store, processes, encrypt, 0);
                        await ReopenAsync(store, processes, encrypt, 1);
                        break;
                    default:
                        await ReopenAsync(store, processes, encrypt, random.Next(2));
                        break;
                }

                if (step % 6 == 5)
                {
                    await AssertAllAsync(processes[random.Next(2)], model, trace);
                }
            }

            foreach (Process process in processes)
            {
                await AssertAllAsync(process, model, $"seed {seed}, end");
                Assert.True((await process.VerifyAsync()).IsSound, $"seed {seed}, end");
            }
        }
        finally
        {
            processes[0].Dispose();
            processes[1].Dispose();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backup_may_fail_at_any_call(bool takesEffect)
    {
        byte[] first = RandomDisk.Create(new Random(1), 120_000);
        byte[] second = [.. first];
        new Random(2).NextBytes(second.AsSpan(50_000, 50_000));
        await FailEveryCallAsync(first, takesEffect, process => process.BackUpAsync("vm", second, changes: null), second);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_collection_may_fail_at_any_call(bool takesEffect)
    {
        byte[] first = RandomDisk.Create(new Random(1), 120_000);
        await FailEveryCallAsync(first, takesEffect, process => process.CollectAsync(0.95), first, hasGarbage: true);
    }

    /// <summary>One run for each call of the operation: fail that call, check, then go on as if nothing had been.</summary>
    private static async Task FailEveryCallAsync(
        byte[] first, bool takesEffect, Func<Process, Task> operation, byte[] next, bool hasGarbage = false)
    {
        int failures = 0;
        for (int call = 1; ; call++)
        {
            var memory = new MemoryStore();
            var store = new FaultyStore(memory, seed: call);
            await InitAsync(store, encrypt: true);
            Process process = await Process.OpenAsync(store, encrypt: true);
            var model = new Dictionary<string, byte[]> { [(await process.BackUpAsync("vm", first, null)).Id] = first };
            if (hasGarbage)
            {
                // Something to remove, something condemned to sweep, and something that shares a pack to rewrite.
                byte[] noise = new byte[100_000];
                new Random(5).NextBytes(noise);
                RestorePoint shared = await process.BackUpAsync("shared", noise, null);
                model[(await process.BackUpAsync("part", noise[..20_000], null)).Id] = noise[..20_000];
                await process.CollectAsync(0);
                await process.Repository.ForgetAsync(shared, default);
                new Random(6).NextBytes(noise);
                RestorePoint whole = await process.BackUpAsync("whole", noise, null);
                await process.Repository.ForgetAsync(whole, default);
                await process.CollectAsync(0);
            }

            int before = store.Calls;
            store.FailCall(before + call, new StoreFault { Code = ErrorCode.StoreFailed, TakesEffect = takesEffect });
            bool failed = false;
            try
            {
                await operation(process);
            }
            catch (VProtectException e)
            {
                Assert.Equal(ErrorCode.StoreFailed, e.Code);
                failed = true;
            }

            if (store.Calls < before + call)
            {
                Assert.False(failed);
                Assert.True(failures > 8, $"{failures} failures");
                process.Dispose();
                return;
            }

            failures += failed ? 1 : 0;

            // The same process goes on, and so does one that knows nothing yet.
            Process other = await Process.OpenAsync(store, encrypt: true);
            foreach (Process survivor in new[] { process, other })
            {
                await AssertCommittedAsync(survivor, model, $"call {call}");
                model[(await survivor.BackUpAsync("vm", next, null)).Id] = next;
                await survivor.CollectAsync(0.95);
            }

            await AssertCommittedAsync(process, model, $"after call {call}");
            Assert.True((await other.VerifyAsync()).IsSound, $"call {call}");

            // No lease of a writer that has ended holds back collectors while its process lives.
            int leases = 0;
            await foreach (ObjectInfo _ in memory.ListAsync("leases/", default))
            {
                leases++;
            }

            // One may stay when the call that failed is the one that removes it, which fails nothing else.
            Assert.True(leases <= (failed ? 0 : 1), $"call {call}: {leases} leases");
            process.Dispose();
            other.Dispose();
        }
    }

    private static Task<string> InitAsync(IObjectStore store, bool encrypt) => Repository.InitAsync(
        store, new RepositoryOptions { ChunkBytes = ChunkBytes, PackBytes = 4 << 20, Encrypt = encrypt }, encrypt ? [RecoveryKey] : [],
        TimeProvider.System, default);

    private static async Task ReopenAsync(IObjectStore store, Process[] processes, bool encrypt, int which)
    {
        processes[which].Dispose();
        processes[which] = await Process.OpenAsync(store, encrypt);
    }

    /// <summary>Flips a bit in a pack, verifies, and backs every machine up as each lost point was, until all is sound again.</summary>
    private static async Task FlipAndHealAsync(
        MemoryStore store, Process process, Random random, Dictionary<string, byte[]> model)
    {
        var packs = new List<ObjectInfo>();
        await foreach (ObjectInfo item in store.ListAsync("packs/", default))
        {
            packs.Add(item);
        }

        if (packs.Count == 0)
        {
            return;
        }

        ObjectInfo pack = packs.OrderBy(item => item.Key, StringComparer.Ordinal).ElementAt(random.Next(packs.Count));
        byte[] bytes = new byte[pack.SizeBytes];
        await store.ReadAsync(pack.Key, 0, bytes, default);
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        await store.DeleteAsync(pack.Key, default);
        await store.PutIfAbsentAsync(pack.Key, bytes, default);

        VerifyResult result = await process.VerifyAsync();
        foreach (AffectedPoint affected in result.Affected)
        {
            // A full read of the same bytes writes again what is missing, chunks and nodes.
            RestorePoint again = await process.BackUpAsync($"heal{random.Next()}", model[affected.Id], null);
            model.Add(again.Id, model[affected.Id]);
        }

        Assert.Empty((await process.VerifyAsync()).Affected);

        // The pack goes, with its marks, when a collection finds nothing in it that is not elsewhere; until then it is told as damaged.
        for (int i = 0; i < 3; i++)
        {
            await process.CollectAsync(1.01);
        }

        Assert.True((await process.VerifyAsync()).IsSound);
    }

    private static async Task AssertAllAsync(Process process, Dictionary<string, byte[]> model, string trace)
    {
        IReadOnlyList<RestorePoint> points = await process.Repository.ListPointsAsync(default);
        Assert.Equal(model.Keys.Order(StringComparer.Ordinal), points.Select(point => point.Id).Order(StringComparer.Ordinal));
        await AssertCommittedAsync(process, model, trace);
    }

    private static async Task AssertCommittedAsync(Process process, Dictionary<string, byte[]> model, string trace)
    {
        foreach ((string id, byte[] content) in model)
        {
            RestorePoint? point = await process.Repository.ReadPointAsync(id, default);
            Assert.True(point is not null, $"{trace}: point {id} is gone");
            byte[] restored = await process.RestoreAsync(point);
            Assert.True(content.AsSpan().SequenceEqual(restored), $"{trace}: point {id} differs");
        }
    }

    /// <summary>A process on the store: its own keys, its own index.</summary>
    private sealed class Process(Repository repository) : IDisposable
    {
        private readonly ChunkStore _chunks = new(repository, new MemoryChunkIndex());

        public Repository Repository => repository;

        public static async Task<Process> OpenAsync(IObjectStore store, bool encrypt) =>
            new(await Repository.OpenAsync(store, encrypt ? RecoveryKey : null, TimeProvider.System, default));

        public async Task<RestorePoint> BackUpAsync(string machine, byte[] content, IReadOnlyList<Extent>? changes)
        {
            await using var disk = new MemoryDisk([.. content]) { Changes = changes };
            var options = new BackupOptions { BufferBytes = 8 << 20, Workers = 1 };
            return await new BackupPipeline(_chunks, options, new BackupCounters(), TimeProvider.System)
                .RunAsync(new BackupRequest { Machine = machine, Disks = [new BackupDisk("disk0", disk)] }, default);
        }

        public async Task<byte[]> RestoreAsync(RestorePoint point)
        {
            await using var target = new MemoryDisk(new byte[point.Disks[0].SizeBytes]);
            await new RestorePipeline(_chunks, new RestoreOptions { Workers = 2 }, new RestoreCounters())
                .RunAsync(point.Disks[0], target, differential: false, default);
            return target.Content;
        }

        public Task<VerifyResult> VerifyAsync() =>
            new VerifyPipeline(_chunks, new VerifyOptions { Workers = 1 }, new RestoreCounters()).RunAsync(default);

        public Task<CollectResult> CollectAsync(double rewriteBelow) =>
            new GarbageCollector(_chunks, new CollectOptions { RewriteBelow = rewriteBelow }).RunAsync(_ => { }, default);

        public void Dispose() => _chunks.Dispose();
    }
}
