using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Faulty;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep.Collecting;

/// <summary>
/// Goal: a collection that ends at any call, of the store or of the ledger, costs no restore point a byte, and the next one
/// comes to the same end. Method: one run for each call, with the fault there; then a collection by a ledger as it was last committed,
/// its counts held against those of a ledger that counts everything anew, verification, and all bytes.
/// </summary>
public sealed class InterruptedCollectionTests
{
    /// <summary>Each call with VPROTECT_LONG_TESTS=1, which takes minutes; else each eleventh.</summary>
    private static readonly int Stride = Environment.GetEnvironmentVariable("VPROTECT_LONG_TESTS") == "1" ? 1 : 11;

    [Fact]
    public async Task Power_may_fail_at_any_call_of_the_store()
    {
        for (int call = 1; ; call += Stride)
        {
            await using Scene scene = await Scene.CreateAsync();
            int end = scene.Store.Calls + call;
            scene.Store.LosePowerAtCall(end);
            await FailsAsync(scene, ErrorCode.StoreFailed);
            scene.Store.Restart();
            if (scene.Calls < end)
            {
                Assert.True(call > 40, $"{call} calls");
                return;
            }

            scene.Ledger.Reopen();
            await scene.AssertSoundAsync($"call {call}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_may_fail_and_the_same_ledger_go_on(bool takesEffect)
    {
        for (int call = 2; ; call += Stride)
        {
            await using Scene scene = await Scene.CreateAsync();
            int end = scene.Store.Calls + call;
            scene.Store.FailCall(end, new StoreFault { Code = ErrorCode.StoreFailed, TakesEffect = takesEffect });
            await FailsAsync(scene, ErrorCode.StoreFailed);
            if (scene.Calls < end)
            {
                return;
            }

            await scene.AssertSoundAsync($"call {call}");
        }
    }

    [Fact]
    public async Task The_ledger_may_fail_at_any_commit()
    {
        for (int commit = 1; ; commit++)
        {
            await using Scene scene = await Scene.CreateAsync();
            int count = 0;
            scene.Ledger.BeforeCommit = () =>
            {
                if (++count == commit)
                {
                    throw new VProtectException(ErrorCode.IndexFailed, ErrorSide.Catalog, "Injected.", "None: this is a test.");
                }
            };
            bool failed = await FailsAsync(scene, ErrorCode.IndexFailed);
            scene.Ledger.BeforeCommit = null;
            scene.Ledger.Reopen();
            await scene.AssertSoundAsync($"commit {commit}");
            if (!failed)
            {
                Assert.True(commit > 2);
                return;
            }
        }
    }

    [Fact]
    public async Task A_full_store_is_emptied_all_the_same()
    {
        await using Scene scene = await Scene.CreateAsync();
        long before = await scene.SizeAsync();
        scene.IsFull = true;
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => scene.CollectAsync());
        Assert.Equal(ErrorCode.StoreFull, error.Code);
        Assert.True(await scene.SizeAsync() < before, "what was condemned before is gone");
        scene.IsFull = false;
        scene.Ledger.Reopen();
        await scene.AssertSoundAsync("full");
    }

    [Fact]
    public async Task Copying_that_finds_the_store_full_ends_and_the_rest_of_the_run_goes_on()
    {
        await using Scene scene = await Scene.CreateAsync();
        scene.IsFullForPacks = true;
        CollectResult result = await scene.CollectAsync();
        Assert.True(result.IsRewritingCutShort);
        Assert.Equal(0, result.RewrittenBytes);
        Assert.True(result.PacksRemoved > 0 && result.PacksCondemned > 0);
        scene.IsFullForPacks = false;
        Assert.True((await scene.CollectAsync()).RewrittenBytes > 0);
        await scene.AssertSoundAsync("full for packs");
    }

    private static async Task<bool> FailsAsync(Scene scene, ErrorCode code)
    {
        try
        {
            await scene.CollectAsync();
            return false;
        }
        catch (VProtectException e)
        {
            Assert.Equal(code, e.Code);
            return true;
        }
        finally
        {
            scene.Calls = scene.Store.Calls;
        }
    }

    /// <summary>A repository with something to remove, something condemned to sweep, and something that shares a pack to rewrite.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly TestRepository _owner;
        private readonly TestRepository _view;
        private readonly Dictionary<string, byte[]> _model = [];

        private Scene(TestRepository owner, TestRepository view, FaultyStore store)
        {
            _owner = owner;
            _view = view;
            Store = store;
            store.Before = (operation, key, _) =>
            {
                bool isPack = key.StartsWith("packs/", StringComparison.Ordinal);
                bool isWrite = operation is StoreOperation.Put or StoreOperation.Write or StoreOperation.Create or StoreOperation.Commit;
                return isWrite && (IsFull || (IsFullForPacks && isPack))
                    ? throw new StoreFault { Code = ErrorCode.StoreFull }.ToException(operation, key)
                    : ValueTask.CompletedTask;
            };
        }

        public FaultyStore Store { get; }

        public MemoryReferenceLedger Ledger => _view.Ledger;

        public bool IsFull { get; set; }

        public bool IsFullForPacks { get; set; }

        public int Calls { get; set; }

        public static async Task<Scene> CreateAsync()
        {
            TestRepository owner = await TestRepository.CreateAsync();
            var store = new FaultyStore(owner.Store, seed: 1);
            TestRepository view = await owner.OpenAgainAsync(store);
            var scene = new Scene(owner, view, store);
            await scene.BackUpAsync("vm", 1, 0);
            RestorePoint shared = await view.BackUpAsync(Noise(2, 300_000), "shared");
            await scene.BackUpAsync("part", 2, 40_000);
            RestorePoint gone = await view.BackUpAsync(Noise(3, 200_000), "gone");
            await view.Repository.ForgetAsync(gone, default);
            await view.CollectAsync(rewriteBelow: 0);
            await view.Repository.ForgetAsync(shared, default);
            await view.Repository.ForgetAsync(await view.BackUpAsync(Noise(4, 200_000), "next"), default);
            return scene;
        }

        public Task<CollectResult> CollectAsync() => _view.CollectAsync(rewriteBelow: 0.9);

        public async Task<long> SizeAsync()
        {
            long size = 0;
            await foreach (ObjectInfo item in _owner.Store.ListAsync("packs/", default))
            {
                size += item.SizeBytes;
            }

            return size;
        }

        public async Task AssertSoundAsync(string trace)
        {
            // What was cut short left a lease of this process, which lives on.
            await BackUpAsync("later", 5, 0);
            await _view.CollectAsync(new CollectOptions { RewriteBelow = 0.9, BreakLeases = true });
            for (int i = 0; i < 2; i++)
            {
                await CollectAsync();
            }

            await using TestRepository other = await _owner.OpenAgainAsync();
            await other.CollectAsync(rewriteBelow: 0);
            Assert.True(Counts.AreEqual(other.Ledger, Ledger), $"{trace}: counts differ");
            foreach ((string id, byte[] content) in _model)
            {
                byte[] restored = await other.RestoreAsync((await other.Repository.ReadPointAsync(id, default))!);
                Assert.True(content.AsSpan().SequenceEqual(restored), $"{trace}: {id} differs");
            }

            Assert.True((await other.VerifyAsync()).IsSound, trace);

            // Nothing but what is needed is left: three small points, with their nodes, and what of their packs is not worth copying.
            Assert.True(await SizeAsync() < 700_000, $"{trace}: {await SizeAsync()} bytes are left");
        }

        public async ValueTask DisposeAsync()
        {
            await _view.DisposeAsync();
            await _owner.DisposeAsync();
        }

        private async Task BackUpAsync(string machine, int seed, int length)
        {
            byte[] content = Noise(seed, length == 0 ? 200_000 : 300_000)[..(length == 0 ? 200_000 : length)];
            _model.Add((await _view.BackUpAsync(content, machine)).Id, content);
        }

        private static byte[] Noise(int seed, int length)
        {
            byte[] content = new byte[length];
            new Random(seed).NextBytes(content);
            return content;
        }
    }
}
