using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests;

/// <summary>A small repository in memory, with what tests do to it in one line each.</summary>
internal sealed class TestRepository : IAsyncDisposable
{
    public const int ChunkBytes = 16 << 10;

    // A recovery key needs no stretching: tests that open a hundred times do not wait for PBKDF2 each time.
    private static readonly Secret Secret = Secret.NewRecoveryKey().Secret;

    private TestRepository(MemoryStore store, Repository repository)
    {
        Store = store;
        Repository = repository;
        Index = new MemoryChunkIndex();
        Chunks = new ChunkStore(repository, Index);
    }

    public MemoryStore Store { get; }

    public Repository Repository { get; }

    public MemoryChunkIndex Index { get; }

    public ChunkStore Chunks { get; }

    public MemoryReferenceLedger Ledger { get; } = new();

    public static async Task<TestRepository> CreateAsync(bool encrypt = true)
    {
        var store = new MemoryStore();
        var options = new RepositoryOptions { ChunkBytes = ChunkBytes, PackBytes = 4 << 20, Encrypt = encrypt };
        await Repository.InitAsync(store, options, encrypt ? [Secret] : [], TimeProvider.System, default);
        return new TestRepository(store, await Repository.OpenAsync(store, encrypt ? Secret : null, TimeProvider.System, default));
    }

    /// <summary>A process on objects that some repository of these tests left.</summary>
    public static async Task<TestRepository> OpenAsync(MemoryStore store, bool encrypt) =>
        new(store, await Repository.OpenAsync(store, encrypt ? Secret : null, TimeProvider.System, default));

    /// <summary>What is written by processes that open it later is sealed with another key.</summary>
    public Task RotateAsync() => Repository.RotateDataKeyAsync(Secret, default);

    /// <summary>Another secret takes over, opens, and hands back.</summary>
    public async Task ChangeKeyAsync()
    {
        Secret other = Secret.NewRecoveryKey().Secret;
        string first = (await Repository.ListKeysAsync(default))[0].Id;
        string second = await Repository.AddKeyAsync(Secret, other, "other", default);
        await Repository.RemoveKeyAsync(first, default);
        await Repository.OpenAsync(Store, other, TimeProvider.System, default);
        await Repository.AddKeyAsync(other, Secret, "back", default);
        await Repository.RemoveKeyAsync(second, default);
    }

    /// <summary>Another process on the same objects: its own index, learned from the packs.</summary>
    public Task<TestRepository> OpenAgainAsync() => OpenAgainAsync(Store);

    /// <summary>Another process that sees the same objects through a store of its own.</summary>
    public async Task<TestRepository> OpenAgainAsync(IObjectStore view) =>
        new(Store, await Repository.OpenAsync(view, Repository.IsEncrypted ? Secret : null, TimeProvider.System, default));

    public async Task<RestorePoint> BackUpAsync(byte[] content, string machine = "vm", IReadOnlyList<Extent>? changes = null)
    {
        await using var disk = new MemoryDisk([.. content]) { Changes = changes };
        var pipeline = new BackupPipeline(Chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System);
        return await pipeline.RunAsync(new BackupRequest { Machine = machine, Disks = [new BackupDisk("disk0", disk)] }, default);
    }

    public async Task<byte[]> RestoreAsync(RestorePoint point)
    {
        await using var target = new MemoryDisk(new byte[point.Disks[0].SizeBytes]);
        await new RestorePipeline(Chunks, new RestoreOptions(), new RestoreCounters())
            .RunAsync(point.Disks[0], target, differential: false, default);
        return target.Content;
    }

    public Task<VerifyResult> VerifyAsync() =>
        new VerifyPipeline(Chunks, new VerifyOptions(), new RestoreCounters()).RunAsync(default);

    public Task<VerifyResult> VerifyAsync(VerifyOptions options) =>
        new VerifyPipeline(Chunks, options, new RestoreCounters()).RunAsync(default);

    public Task<CheckResult> CheckAsync() => new CheckPipeline(Chunks, workers: 2, soundNodesMax: 1 << 12).RunAsync(default);

    public Task<CollectResult> CollectAsync(double rewriteBelow = 0.5) =>
        CollectAsync(new CollectOptions { RewriteBelow = rewriteBelow });

    public Task<CollectResult> CollectAsync(CollectOptions options) => new GarbageCollector(Chunks, Ledger, options).RunAsync(progress: null, default);

    public async Task<List<string>> KeysAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (ObjectInfo item in Store.ListAsync(prefix, default))
        {
            keys.Add(item.Key);
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }

    public async Task<byte[]> BytesAsync(string key)
    {
        byte[] content = new byte[(await Store.GetSizeAsync(key, default))!.Value];
        await Store.ReadAsync(key, 0, content, default);
        return content;
    }

    /// <summary>The key of the pack with most in it.</summary>
    public async Task<string> LargestPackAsync()
    {
        var sizes = new List<(string Key, long Size)>();
        foreach (string key in await KeysAsync("packs/"))
        {
            sizes.Add((key, (await Store.GetSizeAsync(key, default))!.Value));
        }

        return sizes.MaxBy(pack => pack.Size).Key;
    }

    /// <summary>Replaces an object, as no writer of ours ever would.</summary>
    public async Task TamperAsync(string key, Func<byte[], byte[]> change)
    {
        byte[] content = new byte[(await Store.GetSizeAsync(key, default))!.Value];
        await Store.ReadAsync(key, 0, content, default);
        await Store.DeleteAsync(key, default);
        await Store.PutIfAbsentAsync(key, change(content), default);
    }

    public async ValueTask DisposeAsync()
    {
        Chunks.Dispose();
        await Index.DisposeAsync();
    }
}
