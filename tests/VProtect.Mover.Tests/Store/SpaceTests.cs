using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.LocalFile;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Store;

/// <summary>Repositories on file systems that are nearly or wholly full; needs root, for mounts.</summary>
public sealed class SpaceTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(24 * MiB, 3 * MiB)]
    [InlineData(1024 * MiB, 128 * MiB)]
    [InlineData(4096 * MiB, 256 * MiB)]
    [InlineData(100L * 1024 * MiB, 5L * 1024 * MiB)]
    [InlineData(1024L * 1024 * MiB, 10L * 1024 * MiB)]
    public void Reserve_follows_the_size_of_the_store(long totalBytes, long reserveBytes) =>
        Assert.Equal(reserveBytes, SpaceReserve.DefaultBytes(totalBytes));

    [Fact]
    public async Task Backup_below_the_reserve_reads_nothing_and_leaves_nothing()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=64m", "tmpfs");
        await using Place place = await Place.MakeAsync(mount.Path);
        await using var disk = new MemoryDisk(Random(8 * (int)MiB, 1));
        RestorePoint first = await place.BackUpAsync(disk, reserveBytes: 0);
        RestorePoint second = await place.BackUpAsync(disk, reserveBytes: 0);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => place.BackUpAsync(source: null, reserveBytes: 62 * MiB));
        Assert.Equal(ErrorCode.StoreFull, error.Code);
        Assert.Contains((62 * MiB).ToString("N0", CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
        Assert.Contains($"vprotect forget {first.Id[..8]}'", error.Guidance, StringComparison.Ordinal);
        await place.Repository.ForgetAsync(first, default);
        Assert.Contains("'vprotect repo gc' twice", await place.GuidanceAsync(), StringComparison.Ordinal);
        await place.Repository.HoldAsync(second, null, default);
        await place.CollectAsync();
        Assert.Contains("held or its machine's latest", await place.GuidanceAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_stops_at_the_reserve_and_what_it_stored_is_used()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=128m", "tmpfs");
        await using Place place = await Place.MakeAsync(mount.Path);
        await using var small = new MemoryDisk(Random(4 * (int)MiB, 1));
        await using var disk = new MemoryDisk(Random(64 * (int)MiB, 2));
        await place.BackUpAsync(small, reserveBytes: 0, machine: "small");

        // The first machine's disk did not compress: this one is expected not to, either.
        var warnings = new List<string>();
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            () => place.BackUpAsync(disk, reserveBytes: 80 * MiB, onWarning: warnings.Add));
        Assert.Equal(ErrorCode.StoreFull, error.Code);
        Assert.Contains("will probably need", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.True((await place.Repository.Store.GetSpaceAsync(default))!.Value.FreeBytes > 56 * MiB);
        Assert.Single(await place.Repository.ListPointsAsync(default));

        RestorePoint point = await place.BackUpAsync(disk, reserveBytes: 0);
        Assert.InRange(point.Disks[0].NewBytes, 1, 63 * MiB);
    }

    [Fact]
    public async Task Holes_of_a_first_backup_are_not_warned_of()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=64m", "tmpfs");
        using var disks = new TemporaryDirectory();
        await using Place place = await Place.MakeAsync(mount.Path);
        await using var full = new MemoryDisk(Random(4 * (int)MiB, 1));
        await place.BackUpAsync(full, reserveBytes: 0, machine: "small");
        File.WriteAllBytes(disks["disk"], Random(2 * (int)MiB, 2));
        Tool.Run("truncate", "--size", "1G", disks["disk"]);
        await using FileSource sparse = FileSource.Open(disks["disk"]);
        await place.BackUpAsync(sparse, reserveBytes: 0, onWarning: Assert.Fail);
    }

    /// <summary>Somebody else fills the disk to its last block. Forgetting and two collections give space back; the reserve is made again.</summary>
    [Fact]
    public async Task Forget_and_collection_work_on_a_full_disk()
    {
        using var directory = new TemporaryDirectory();
        Tool.Run("truncate", "--size", "96M", directory["image"]);
        Tool.Run("mkfs.ext4", "-q", "-m", "0", directory["image"]);
        using var mount = new TemporaryMount("-o", "loop", directory["image"]);
        string repository = Path.Join(mount.Path, "repository");
        await using Place place = await Place.MakeAsync(repository);
        await using var disk = new MemoryDisk(Random(16 * (int)MiB, 4));
        await using var other = new MemoryDisk(Random(16 * (int)MiB, 5));
        await using var third = new MemoryDisk(Random(8 * (int)MiB, 6));
        RestorePoint gone = await place.BackUpAsync(disk, reserveBytes: 0);
        RestorePoint kept = await place.BackUpAsync(other, reserveBytes: 0, machine: "other");
        string reserve = Path.Join(repository, ".reserve");
        long reserveBytes = new FileInfo(reserve).Length;
        Assert.True(reserveBytes >= MiB);

        string filler = Path.Join(mount.Path, "filler");
        FillUp(filler);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => place.BackUpAsync(third, reserveBytes: 0, machine: "third"));
        Assert.Equal(ErrorCode.StoreFull, error.Code);
        FillUp(filler);

        await place.Repository.ForgetAsync(gone, default);
        FillUp(filler);
        await place.CollectAsync();
        FillUp(filler);
        Assert.True((await place.CollectAsync()).FreedBytes > 16 * MiB);

        Assert.True(new FileInfo(reserve).Length == reserveBytes, "the reserve is whole again");
        Assert.Equal(kept.Id, Assert.Single(await place.Repository.ListPointsAsync(default)).Id);
        await place.BackUpAsync(other, reserveBytes: 0, machine: "other");
    }

    private static void FillUp(string path) => Tool.TryRun("dd", "if=/dev/zero", $"of={path}", "bs=4k", "oflag=append", "conv=notrunc,fsync", "status=none");

    private static byte[] Random(int lengthBytes, int seed)
    {
        byte[] content = new byte[lengthBytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>A repository in a directory, with its index.</summary>
    private sealed class Place : IAsyncDisposable
    {
        private readonly MemoryChunkIndex _index = new();
        private readonly MemoryReferenceLedger _ledger = new();
        private readonly ChunkStore _chunks;

        private Place(Repository repository)
        {
            Repository = repository;
            _chunks = new ChunkStore(repository, _index);
        }

        public Repository Repository { get; }

        public static async Task<Place> MakeAsync(string directory)
        {
            LocalFileStore store = LocalFileStore.Open(directory, create: true);
            await Repository.InitAsync(store, new RepositoryOptions { PackBytes = 4 << 20, Encrypt = false }, [], TimeProvider.System, default);
            return new Place(await Repository.OpenAsync(store, null, TimeProvider.System, default));
        }

        public Task<RestorePoint> BackUpAsync(
            IBlockSource? source, long reserveBytes, string machine = "vm", Action<string>? onWarning = null) =>
            new BackupPipeline(_chunks, new BackupOptions { BufferBytes = 8 << 20, ReserveBytes = reserveBytes }, new BackupCounters(), TimeProvider.System)
                .RunAsync(new BackupRequest { Machine = machine, Disks = [new BackupDisk("disk0", source!)], OnWarning = onWarning }, default);

        public async Task<string> GuidanceAsync() =>
            (await Assert.ThrowsAsync<VProtectException>(() => BackUpAsync(source: null, reserveBytes: 64 * MiB))).Guidance;

        public Task<CollectResult> CollectAsync() => new GarbageCollector(_chunks, _ledger, new CollectOptions()).RunAsync(progress: null, default);

        public async ValueTask DisposeAsync()
        {
            _chunks.Dispose();
            await _index.DisposeAsync();
            await Repository.DisposeAsync();
        }
    }
}
