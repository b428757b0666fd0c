using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Mover.Posix;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Memory;
using VProtect.Mover.Tests.Store.Backends.S3;
using VProtect.Mover.View;

namespace VProtect.Mover.Tests.View;

/// <summary>The local file behind the cache: a far store is asked once, and whatever becomes of the file, clients read the disk's bytes.</summary>
[Collection(S3Collection.Name)]
public sealed class ChunkFileTests(S3Fixture s3)
{
    private const int ContentBytes = 6 << 20;
    private const long Plenty = 1L << 40;

    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_was_read_once_is_not_asked_of_the_store_again_by_another_mount_either()
    {
        await using Bench bench = await Bench.StartAsync();
        await bench.ReadAllAsync();
        Assert.InRange(bench.Store.Calls, 1, int.MaxValue);
        long chunks = bench.Content.Length / TestRepository.ChunkBytes;
        for (int mount = 1; mount <= 2; mount++)
        {
            bench.Forget();
            await bench.ReadAllAsync();
            Assert.Equal(0, bench.Store.Calls);
            Assert.Equal((mount * chunks, chunks), (bench.Cache.ChunksFromFile, bench.Cache.ChunksFromStores));
            Assert.Equal((bench.File.HeldBytes, 64 << 20), (bench.Cache.FileBytes, bench.Cache.FileBytesMax));
        }
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("one bit in each record")]
    [InlineData("other records")]
    [InlineData("cut short")]
    public async Task What_is_damaged_in_the_file_is_read_from_the_store_and_kept_anew(string how)
    {
        await using Bench bench = await Bench.StartAsync();
        await bench.ReadAllAsync();
        using (FileStream file = bench.OpenFile())
        {
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            switch (how)
            {
                case "noise":
                    new Random(1).NextBytes(bytes);
                    break;
                case "other records":
                    bytes = [.. bytes[(bytes.Length / 2)..], .. bytes[..(bytes.Length / 2)]];
                    break;
                case "one bit in each record":
                    for (int at = 100; at < bytes.Length; at += 8 << 10)
                    {
                        bytes[at] ^= 1;
                    }

                    break;
                default:
                    bytes = bytes[..(bytes.Length / 2)];
                    break;
            }

            file.Position = 0;
            file.Write(bytes);
            file.SetLength(bytes.Length);
        }

        bench.Forget();
        await bench.ReadAllAsync();
        Assert.InRange(bench.Store.Calls, 1, int.MaxValue);
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.Equal(0, bench.Store.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_file_has_no_name_and_holds_what_the_repository_holds(bool encrypt)
    {
        string directory;
        await using (Bench bench = await Bench.StartAsync(encrypt: encrypt))
        {
            directory = bench.Directory;
            await bench.ReadAllAsync();
            Assert.Empty(Directory.GetFileSystemEntries(directory));
            byte[] bytes = new byte[bench.File.HeldBytes];
            using (FileStream file = bench.OpenFile())
            {
                file.ReadExactly(bytes);
            }

            Assert.Equal(!encrypt, bytes.AsSpan().IndexOf(bench.Content.AsSpan(1 << 20, 64)) >= 0);
        }

        Assert.Empty(Bench.OpenFiles(directory));
    }

    [Fact]
    public async Task A_local_store_is_not_copied()
    {
        await using Bench bench = await Bench.StartAsync(StoreDistance.LocalDisk);
        await bench.ReadAllAsync();
        Assert.False(Directory.Exists(bench.Directory));
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.InRange(bench.Store.Calls, 1, int.MaxValue);
    }

    [Fact]
    public async Task On_a_full_disk_it_steps_aside_and_says_so_once()
    {
        using var disk = new TemporaryMount("-t", "tmpfs", "-o", "size=4m", "cache");
        await using Bench bench = await Bench.StartAsync(directory: disk.Path);
        long free = new DriveInfo(disk.Path).AvailableFreeSpace;
        for (int i = 0; i < 3; i++)
        {
            bench.Forget();
            await bench.ReadAllAsync();
        }

        Assert.Equal(1, bench.Log.Lines);
        Assert.Equal((0, free), (bench.File.HeldBytes, new DriveInfo(disk.Path).AvailableFreeSpace));
    }

    [Fact]
    public async Task When_others_fill_the_disk_its_space_is_theirs_until_there_is_more()
    {
        await using Bench bench = await Bench.StartAsync();
        await bench.ReadAllAsync();
        bench.File.LookAtSpace();
        Assert.InRange(bench.File.HeldBytes, ContentBytes, 2 * ContentBytes);

        bench.FreeBytes = (9 * ContentBytes) - (1 << 20);
        bench.File.LookAtSpace();
        Assert.Empty(Bench.OpenFiles(bench.Directory));
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.Equal(0, bench.File.HeldBytes);

        // Still too little after a while: nothing is said again.
        bench.FreeBytes = 16 << 20;
        bench.Time.Advance(TimeSpan.FromMinutes(11));
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.Equal((0, 1), (bench.File.HeldBytes, bench.Log.Lines));

        bench.FreeBytes = Plenty;
        bench.Time.Advance(TimeSpan.FromMinutes(11));
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.InRange(bench.File.HeldBytes, ContentBytes, 2 * ContentBytes);
    }

    [Fact]
    public async Task Another_size_counts_at_once_and_none_ends_it()
    {
        await using Bench bench = await Bench.StartAsync();
        await bench.ReadAllAsync();
        bench.Cache.UseFile(bench.File.Options, bench.Log, bench.Time);
        Assert.InRange(bench.File.HeldBytes, ContentBytes, 2 * ContentBytes);

        var smaller = new ChunkFile(bench.File.Options with { BytesMax = 4 << 20 }, bench.Log, bench.Time, () => Plenty);
        bench.Cache.Use(smaller);
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.InRange(smaller.HeldBytes, 3 << 20, 4 << 20);
        using (FileStream file = bench.OpenFile())
        {
            Assert.InRange(file.Length, 3 << 20, 4 << 20);
        }

        bench.Cache.UseFile(null, bench.Log, bench.Time);
        Assert.Empty(Bench.OpenFiles(bench.Directory));
        bench.Forget();
        await bench.ReadAllAsync();
    }

    [Fact]
    public async Task Readers_get_whole_records_or_none_while_the_file_is_written_round_and_round()
    {
        const int Records = 20_000;
        using var directory = new TemporaryDirectory();
        string path = directory["ring"];
        using (var ring = new ChunkRing(File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite), 256 << 10))
        {
            int written = -1;
            int whole = 0;
            Task[] readers = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
            {
                var random = new Random(seed);
                byte[] record = new byte[20 << 10];
                while (Volatile.Read(ref written) < Records - 1)
                {
                    ChunkLocation location = LocationOf(Math.Max(0, Volatile.Read(ref written) - random.Next(20)));
                    Span<byte> bytes = record.AsSpan(0, (int)location.StoredBytes);
                    if (ring.TryRead(location, bytes))
                    {
                        Assert.Equal(-1, MemoryMarshal.Cast<byte, uint>(bytes).IndexOfAnyExcept(location.OffsetBytes));
                        Interlocked.Increment(ref whole);
                    }
                }
            }))];
            byte[] next = new byte[20 << 10];
            for (int i = 0; i < Records; i++)
            {
                ChunkLocation location = LocationOf(i);
                MemoryMarshal.Cast<byte, uint>(next.AsSpan()).Fill(location.OffsetBytes);
                ring.Write(location, next.AsSpan(0, (int)location.StoredBytes));
                Volatile.Write(ref written, i);
            }

            await Task.WhenAll(readers);
            Assert.InRange(whole, 1, int.MaxValue);
            Assert.True(ring.TryRead(LocationOf(Records - 1), next.AsSpan(0, (int)LocationOf(Records - 1).StoredBytes)));
            Assert.False(ring.Contains(LocationOf(Records - 200)));
        }

        Assert.InRange(new FileInfo(path).Length, 200 << 10, 256 << 10);

        static ChunkLocation LocationOf(int record) => new(new PackId(1), (uint)record, (uint)(4 * (256 + (record * 997 % 4800))), 64 << 10);
    }

    [Fact]
    public async Task Who_is_behind_takes_no_more_and_holds_nobody_up()
    {
        await using Bench bench = await Bench.StartAsync();
        await bench.ReadAllAsync();
        lock (bench.FreeGate)
        {
            // The writer waits for the free space of the next file.
            var file = new ChunkFile(bench.File.Options, bench.Log, bench.Time, () => bench.FreeBytes);
            bench.Cache.Use(file);
            int taken = 0;
            while (file.TryKeep(ArrayPool<byte>.Shared.Rent(1 << 20), [(new ChunkLocation(new PackId(2), (uint)taken, 100, 100), ..164)]))
            {
                taken++;
            }

            Assert.Equal((16, 16 << 20), (taken, file.QueuedBytes));
        }

        await bench.DrainAsync();
        bench.Forget();
        await bench.ReadAllAsync();
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.Equal(0, bench.Store.Calls);
    }

    [Fact]
    public async Task Of_a_bucket_every_object_is_read_once()
    {
        await using Bench bench = await Bench.StartAsync(new FarStore(S3Fixture.Open(s3.Gateway.NewLocation()), distance: null));
        await bench.ReadAllAsync();
        Assert.InRange(bench.Store.Calls, 1, int.MaxValue);
        bench.Forget();
        await bench.ReadAllAsync();
        Assert.Equal(0, bench.Store.Calls);
    }

    /// <summary>A disk of a repository, and a cache with a file.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly TemporaryDirectory _root = new();
        private readonly MemoryChunkIndex _index = new();
        private readonly byte[] _content = new byte[ContentBytes];
        private readonly Repository _repository;
        private readonly ChunkStore _chunks;
        private long _freeBytes = Plenty;
        private RestorePoint? _point;

        private Bench(FarStore store, Repository repository, string? directory)
        {
            (Store, _repository, _chunks) = (store, repository, new ChunkStore(repository, _index));
            Directory = directory ?? _root["cache"];
            Cache.Use(new ChunkFile(new ChunkFileOptions { Directory = Directory, BytesMax = 64 << 20 }, Log, Time, () => FreeBytes));
        }

        public FarStore Store { get; }

        public ViewCache Cache { get; } = new(new ViewOptions());

        public ChunkFile File => Cache.File!;

        public string Directory { get; }

        public FakeTime Time { get; } = new();

        public CountingLog Log { get; } = new();

        public byte[] Content => _content;

        public Lock FreeGate { get; } = new();

        public long FreeBytes
        {
            get
            {
                lock (FreeGate)
                {
                    return _freeBytes;
                }
            }

            set
            {
                lock (FreeGate)
                {
                    _freeBytes = value;
                }
            }
        }

        public static Task<Bench> StartAsync(StoreDistance distance = StoreDistance.Service, bool encrypt = true, string? directory = null) =>
            StartAsync(new FarStore(new MemoryStore(), distance), encrypt, directory);

        public static async Task<Bench> StartAsync(FarStore store, bool encrypt = true, string? directory = null)
        {
            Secret? secret = encrypt ? Secret.NewRecoveryKey().Secret : null;
            var options = new RepositoryOptions { ChunkBytes = TestRepository.ChunkBytes, PackBytes = 4 << 20, Encrypt = encrypt };
            await Repository.InitAsync(store, options, secret is null ? [] : [secret], TimeProvider.System, None);
            var bench = new Bench(store, await Repository.OpenAsync(store, secret, TimeProvider.System, None), directory);
            new Random(7).NextBytes(bench._content);
            await using var disk = new MemoryDisk([.. bench._content]);
            bench._point = await new BackupPipeline(bench._chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System)
                .RunAsync(new BackupRequest { Machine = "vm", Disks = [new BackupDisk("disk0", disk)] }, None);
            store.Reset();
            return bench;
        }

        /// <summary>Mounts the disk, reads all of it, and waits until what is to be kept is in the file.</summary>
        public async Task ReadAllAsync()
        {
            await using (VirtualDisk disk = await VirtualDisk.OpenAsync(_chunks, _point!, _point!.Disks[0], Cache, NullLogger.Instance, TimeProvider.System, None))
            {
                byte[] read = new byte[128 << 10];
                for (int at = 0; at < ContentBytes; at += read.Length)
                {
                    await disk.ReadAsync(at, read, None);
                    Assert.True(_content.AsSpan(at, read.Length).SequenceEqual(read));
                }
            }

            await DrainAsync();
        }

        public async Task DrainAsync()
        {
            while (Cache.File is { QueuedBytes: > 0 })
            {
                await Task.Delay(5);
            }
        }

        /// <summary>Memory forgets what was read, and reads of the store are counted anew.</summary>
        public void Forget()
        {
            Cache.ClearMemory();
            Assert.Equal(0, Cache.HeldBytes);
            Store.Reset();
        }

        /// <summary>The file, which has no name, by its descriptor.</summary>
        public FileStream OpenFile() => new(PosixFile.Open(Assert.Single(OpenFiles(Directory)), Libc.O_RDWR), FileAccess.ReadWrite);

        public static string[] OpenFiles(string directory) =>
            [.. System.IO.Directory.GetFiles("/proc/self/fd").Where(fd => new FileInfo(fd).LinkTarget is { } target && target.StartsWith(directory + "/chunks-", StringComparison.Ordinal))];

        public async ValueTask DisposeAsync()
        {
            Cache.Dispose();
            _chunks.Dispose();
            await _repository.DisposeAsync();
            await _index.DisposeAsync();
            await Store.InnerStore.DisposeAsync();
            _root.Dispose();
        }
    }

    /// <summary>A store at a distance that counts what it is asked for.</summary>
    private sealed class FarStore(IObjectStore inner, StoreDistance? distance) : StoreDecorator(inner)
    {
        private int _calls;

        public override StoreProperties Properties => Inner.Properties with { Distance = distance ?? Inner.Properties.Distance };

        public int Calls => Volatile.Read(ref _calls);

        public IObjectStore InnerStore => Inner;

        public void Reset() => Volatile.Write(ref _calls, 0);

        public override ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Inner.ReadAsync(key, offsetBytes, buffer, cancellationToken);
        }

        public override ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Inner.GetSizeAsync(key, cancellationToken);
        }
    }

    private sealed class CountingLog : ILogger
    {
        private int _lines;

        public int Lines => Volatile.Read(ref _lines);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Interlocked.Increment(ref _lines);
    }
}
