using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep;

/// <summary>Verification of stores that fail, of repositories that are interrupted in it, and of chunks that lie in two places.</summary>
public sealed class VerifyFaultTests
{
    /// <summary>Goal: trouble in reading is never called damage. Method: fail the Nth read of a verification, for every N.</summary>
    [Fact]
    public async Task A_read_that_fails_once_is_repeated_and_marks_nothing()
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        await repository.BackUpAsync(Noise(1, 5 << 20));
        int calls = 0;
        int ended = 0;
        for (int fail = 0; fail <= calls; fail++)
        {
            var store = new FaultyStore(repository.Store, seed: 1);
            await using Process process = await Process.StartAsync(store);
            await IndexSync.SynchronizeAsync(process.Repository, process.Index, progress: null, default);
            int before = store.Calls;
            if (fail > 0)
            {
                store.FailCall(before + fail, new StoreFault { Code = ErrorCode.StoreFailed });
            }

            VerifyResult? result = null;
            try
            {
                result = await process.VerifyAsync(new VerifyOptions { Workers = 1, PacksAtOnce = 1, RetryDelay = TimeSpan.Zero });
            }
            catch (VProtectException e) when (e is not IntegrityException)
            {
                // A listing that fails ends it: nothing was said of any pack.
            }

            calls = fail == 0 ? store.Calls - before : calls;
            Assert.True(result?.IsSound ?? true, $"call {fail}");
            ended += result is null ? 1 : 0;
            Assert.Empty(await repository.KeysAsync("bad/"));
        }

        Assert.True(calls > 8);
        Assert.InRange(ended, 1, calls / 2);
    }

    [Fact]
    public async Task Records_that_cannot_be_read_are_counted_apart_and_the_rest_of_their_pack_is_checked()
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        await repository.BackUpAsync(Noise(2, 3 << 20));
        string pack = await repository.LargestPackAsync();
        var store = new FaultyStore(repository.Store, seed: 1);
        await using Process process = await Process.StartAsync(store);
        int inPack = 0;

        // The first piece of the pack fails three times, then its first two records.
        store.Before = (operation, key, _) =>
        {
            if (operation == StoreOperation.Read && key == pack && ++inPack is > 4 and <= 9)
            {
                store.FailCall(store.Calls + 1, new StoreFault { Code = ErrorCode.StoreFailed });
            }

            return ValueTask.CompletedTask;
        };
        VerifyResult result = await process.VerifyAsync(new VerifyOptions { Workers = 1, PacksAtOnce = 1, RetryDelay = TimeSpan.Zero });
        Assert.Contains("2 records cannot be read", Assert.Single(result.Unreadable), StringComparison.Ordinal);
        Assert.False(result.HasDamage);
        Assert.False(result.IsSound);
        Assert.Empty(await repository.KeysAsync("bad/"));
        long size = (await repository.Store.GetSizeAsync(pack, default))!.Value;
        Assert.InRange(result.CheckedBytes, size - (4 * TestRepository.ChunkBytes), 2 * size);
    }

    [Fact]
    public async Task An_interrupted_verification_keeps_what_it_did_and_goes_on_there()
    {
        using var directory = new TemporaryDirectory();
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        for (int i = 0; i < 6; i++)
        {
            await repository.BackUpAsync(Noise(i, 300_000), $"vm{i}");
        }

        int packs = (await repository.KeysAsync("packs/")).Count;
        var store = new FaultyStore(repository.Store, seed: 1);
        await using Process process = await Process.StartAsync(store);
        using VerifyJournal journal = VerifyJournal.TryOpen(directory["verified"])!;
        using var stop = new CancellationTokenSource();
        var touched = new HashSet<string>();
        store.Before = async (operation, key, _) =>
        {
            if (operation == StoreOperation.Read && key.StartsWith("packs/", StringComparison.Ordinal) && process.Index.Packs.Count == packs && touched.Add(key) && touched.Count == 5)
            {
                await stop.CancelAsync();
            }
        };
        var options = new VerifyOptions { Workers = 1, PacksAtOnce = 1, Journal = journal };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => process.VerifyAsync(options, stop.Token));
        store.Before = null;
        Assert.True(journal.HasInterruptedRun);

        VerifyResult rest = await process.VerifyAsync(options with { Resume = true });
        Assert.True(rest.IsSound);
        Assert.Equal((packs - 4, 4, packs), (rest.Packs, rest.PacksDoneBefore, rest.PacksTotal));
        Assert.Equal(6, rest.RestorePoints);
        Assert.False(journal.HasInterruptedRun);
        Assert.Equal(0, (await process.VerifyAsync(options with { Selection = new VerifySelection { OnlyNew = true } })).Packs);
        Assert.Equal(packs, (await process.VerifyAsync(options with { Resume = true })).Packs);
    }

    [Fact]
    public async Task Another_good_copy_is_used_and_told_of_once()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(3, 1 << 20);
        RestorePoint point = await repository.BackUpAsync(content);
        string first = await repository.LargestPackAsync();
        byte[] original = await repository.BytesAsync(first);
        await repository.TamperAsync(first, bytes => Flipped(bytes, 100_000));
        DamagedChunk alone = Assert.Single((await repository.VerifyAsync()).DamagedChunks);
        Assert.Null(alone.HealedBy);
        await repository.BackUpAsync(content);

        // Known, and written again since: nothing to be told any more.
        VerifyResult healed = await repository.VerifyAsync();
        Assert.True(Assert.Single(healed.DamagedChunks).IsSettled);
        Assert.True(healed.IsSound);

        // The disk was exchanged and the first copy is good again: now there are two. Then the second goes.
        await repository.TamperAsync(first, _ => original);
        await repository.Store.DeleteAsync(Assert.Single(await repository.KeysAsync("bad/")), default);
        string second = $"packs/{Prefix(healed)}/{healed.DamagedChunks[0].HealedBy}";
        await repository.TamperAsync(second, bytes => Flipped(bytes, 200));
        await using TestRepository again = await repository.OpenAgainAsync();
        VerifyResult result = await again.VerifyAsync();
        DamagedChunk damaged = Assert.Single(result.DamagedChunks);
        Assert.Equal(first[^32..], damaged.HealedBy.ToString());
        Assert.False(result.IsSound);
        Assert.Empty(result.Affected);
        Assert.Equal(content, await again.RestoreAsync(point));
        Assert.True((await again.VerifyAsync()).IsSound);
    }

    private static string Prefix(VerifyResult result) => result.DamagedChunks[0].HealedBy.ToString()![..2];

    private static byte[] Flipped(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>A process with an index of its own on a store of the test's making.</summary>
    private sealed class Process(Repository repository) : IAsyncDisposable
    {
        private readonly ChunkStore _chunks = new(repository, new MemoryChunkIndex());

        public Repository Repository => repository;

        public IChunkIndex Index => _chunks.Index;

        public static async Task<Process> StartAsync(IObjectStore store) =>
            new(await Repository.OpenAsync(store, secret: null, TimeProvider.System, default));

        public Task<VerifyResult> VerifyAsync(VerifyOptions options, CancellationToken cancellationToken = default) =>
            new VerifyPipeline(_chunks, options, new RestoreCounters()).RunAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            _chunks.Dispose();
            await _chunks.Index.DisposeAsync();
        }
    }
}
