using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Pipelines;

/// <summary>
/// Goal: no failure of the store at any of its calls costs a committed restore point a byte. Method: the Nth call failed for
/// every N, against a model that holds each point's bytes.
/// </summary>
public sealed class EveryCallFailsTests
{
    private const int ChunkBytes = 16 << 10;
    private static readonly Secret RecoveryKey = Secret.NewRecoveryKey().Secret;

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
            await foreach (ObjectInfo lease in memory.ListAsync("leases/", default))
            {
                leases += await memory.GetSizeAsync($"ended/{lease.Key["leases/".Length..]}", default) is null ? 1 : 0;
            }

            // One may stay open when the call that failed is the one that ends it, which fails nothing else.
            Assert.True(leases <= (failed ? 0 : 1), $"call {call}: {leases} leases");
            process.Dispose();
            other.Dispose();
        }
    }

    private static Task<string> InitAsync(IObjectStore store, bool encrypt) => Repository.InitAsync(
        store, new RepositoryOptions { ChunkBytes = ChunkBytes, PackBytes = 4 << 20, Encrypt = encrypt }, encrypt ? [RecoveryKey] : [],
        TimeProvider.System, default);

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
        private readonly MemoryReferenceLedger _ledger = new();

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
            new GarbageCollector(_chunks, _ledger, new CollectOptions { RewriteBelow = rewriteBelow }).RunAsync(progress: null, default);

        public void Dispose() => _chunks.Dispose();
    }
}
