using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.ChunkIndex;
using VProtect.Mover;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends;
using VProtect.Mover.View;

namespace VProtect.RepositoryScale;

/// <summary>Random reads of a mounted disk eight times as large as the cache in memory, of a store each read of which takes so long: without a local file, and with one.</summary>
internal static class FarMount
{
    private const int ReadBytes = 4096;
    private const int ReadersMax = 16;

    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(8);

    public static async Task<int> RunAsync(long sizeBytes, TimeSpan delay, string directory)
    {
        await using IObjectStore disk = RepositoryStores.Open(Path.Combine(directory, "repository"), create: true);
        Secret secret = Secret.FromText(SyntheticRepository.Passphrase);
        await Repository.InitAsync(disk, new RepositoryOptions(), [secret], TimeProvider.System, None);
        var store = new FarStore(disk);
        await using Repository repository = await Repository.OpenAsync(store, secret, TimeProvider.System, None);
        await using FasterChunkIndex index = FasterChunkIndex.Open(new ChunkIndexOptions { Directory = Path.Combine(directory, "index") });
        using var chunks = new ChunkStore(repository, index);
        await using var source = new HalfNoise(sizeBytes);
        RestorePoint point = await new BackupPipeline(chunks, new BackupOptions { ReserveBytes = 0 }, new BackupCounters(), TimeProvider.System)
            .RunAsync(new BackupRequest { Machine = "vm", Disks = [new BackupDisk("disk0", source)] }, None);
        store.Delay = delay;

        var options = new ViewOptions { CacheBytes = Math.Max(16 << 20, sizeBytes / 8) };
        foreach (StoreDistance distance in (StoreDistance[])[StoreDistance.LocalDisk, StoreDistance.Service])
        {
            store.Distance = distance;
            using var cache = new ViewCache(options);
            cache.UseFile(new ChunkFileOptions { Directory = Path.Combine(directory, "cache") }, NullLogger.Instance, TimeProvider.System);
            await using VirtualDisk mounted = await VirtualDisk.OpenAsync(chunks, point, point.Disks[0], cache, NullLogger.Instance, TimeProvider.System, None);
            string file = distance == StoreDistance.Service ? "with a file" : "without a file";
            await MeasureAsync($"{file}, cold", mounted, store);
            await MeasureAsync($"{file}, half warm", mounted, store);
            byte[] all = new byte[1 << 20];
            for (long at = 0; at < sizeBytes; at += all.Length)
            {
                await mounted.ReadAsync(at, all, None);
            }

            await MeasureAsync($"{file}, all read once", mounted, store);
        }

        Report.PeakMemory();
        return 0;
    }

    private static async Task MeasureAsync(string what, VirtualDisk disk, FarStore store)
    {
        store.Reset();
        long done = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        await Task.WhenAll(Enumerable.Range(0, ReadersMax).Select(seed => Task.Run(async () =>
        {
            var random = new Random((int)start + seed);
            byte[] buffer = new byte[ReadBytes];
            while (Stopwatch.GetElapsedTime(start) < Period)
            {
                await disk.ReadAsync(random.NextInt64(disk.SizeBytes / ReadBytes) * ReadBytes, buffer, None);
                Interlocked.Increment(ref done);
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Report.Row(what, $"{done / seconds:n0} reads/s, {store.Reads:n0} reads of the store, {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / done:n0} µs of processor a read");
    }

    /// <summary>A store that takes its time.</summary>
    private sealed class FarStore(IObjectStore store) : IObjectStore
    {
        private long _reads;

        public TimeSpan Delay { get; set; }

        public StoreDistance Distance { get; set; }

        public long Reads => Volatile.Read(ref _reads);

        public void Reset() => Volatile.Write(ref _reads, 0);

        public string Name => store.Name;

        public StoreProperties Properties => store.Properties with { Distance = Distance };

        public ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken) => store.CreateAsync(key, cancellationToken);

        public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => store.PutIfAbsentAsync(key, content, cancellationToken);

        public async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, cancellationToken);
            }

            return await store.ReadAsync(key, offsetBytes, buffer, cancellationToken);
        }

        public async ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
        {
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, cancellationToken);
            }

            return await store.GetSizeAsync(key, cancellationToken);
        }

        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);

        public ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken) => store.DeleteAsync(key, cancellationToken);

        public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) => store.GetSpaceAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A disk half of whose bytes can be compressed away.</summary>
    private sealed class HalfNoise(long sizeBytes) : IBlockSource
    {
        public string Name => "half noise";

        public long? SizeBytes => sizeBytes;

        public bool IsSequential => false;

        public int ReadsInFlightMax => 2;

        public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return new Extent(0, sizeBytes, ExtentKind.Data);
        }

        public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
            ValueTask.FromResult<ChangedBlocks>(new ChangedBlocks.MustFull("made for a measurement"));

        public ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            const int Piece = 8192;
            for (int at = 0; at < buffer.Length; at += Piece)
            {
                Span<byte> piece = buffer.Span.Slice(at, Math.Min(Piece, buffer.Length - at));
                piece.Fill(1);
                new Random((int)((offsetBytes + at) / Piece)).NextBytes(piece[..(piece.Length / 2)]);
            }

            return ValueTask.FromResult(buffer.Length);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
