using VProtect.Abstractions;
using VProtect.Mover.View;
using VProtect.Mover.View.Overlay;

namespace VProtect.Mover.Tests.View.Overlay;

public sealed class OverlayDiskTests : IDisposable
{
    private const int Size = (6 << 20) + 1536;
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["overlay"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_is_written_is_read_and_kept_over_openings(int seed)
    {
        var random = new Random(seed);
        byte[] model = SparseDisk.Create(seed, Size);
        var below = new MemoryView([.. model]);
        for (int life = 0; life < 5; life++)
        {
            await using OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System);
            for (int step = 0; step < 250; step++)
            {
                int length = 1 + random.Next(random.Next(4) switch { 0 => 400_000, 1 => 4096, _ => 30_000 });
                int offset = random.Next(Size - length + 1);
                (offset, length) = random.Next(2) == 0 ? (offset, length) : (offset & ~4095, Math.Min(Size - (offset & ~4095), (length + 4095) & ~4095));
                switch (random.Next(6))
                {
                    case 0:
                        model.AsSpan(offset, length).Clear();
                        await disk.WriteZerosAsync(offset, length, None);
                        break;
                    case 1 or 2:
                        random.NextBytes(model.AsSpan(offset, length));
                        await disk.WriteAsync(offset, model.AsMemory(offset, length), None);
                        break;
                    case 3 when step % 7 == 0:
                        await disk.FlushAsync(None);
                        break;
                    default:
                        byte[] read = new byte[length];
                        await disk.ReadAsync(offset, read, None);
                        Assert.True(model.AsSpan(offset, length).SequenceEqual(read));
                        break;
                }
            }

            await AssertHoldsAsync(disk, model);
        }
    }

    [Fact]
    public async Task Writers_of_parts_of_one_block_do_not_lose_each_others_bytes()
    {
        var below = new MemoryView(new byte[1 << 20]);
        await using OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System);
        byte[] model = new byte[1 << 20];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            for (int i = 0; i < 400; i++)
            {
                int sector = (random.Next(64) * 8) + writer;
                byte[] data = new byte[512];
                random.NextBytes(data);
                await disk.WriteAsync(sector * 512, data, None);
                data.CopyTo(model, sector * 512);
                if (i % 50 == 0)
                {
                    await disk.FlushAsync(None);
                }
            }
        })));
        byte[] read = new byte[model.Length];
        await disk.ReadAsync(0, read, None);
        Assert.Equal(model, read);
    }

    [Fact]
    public async Task Readers_beside_writers_see_old_or_new_blocks_and_never_anothers()
    {
        const int Blocks = 64;
        var below = new MemoryView(new byte[Blocks * 4096]);
        await using OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            byte[] read = new byte[4096];
            while (!stop.IsCancellationRequested)
            {
                int block = random.Next(Blocks);
                await disk.ReadAsync(block * 4096, read, None);
                Assert.True(read[0] == 0 || read[0] == block + 1);
                Assert.Equal(-1, read.AsSpan().IndexOfAnyExcept(read[0]));
            }
        }))];
        await WriteManyAsync();
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        // Pages are used again as soon as nobody reads them; a reader may have stood still all the while.
        long before = new FileInfo(FilePath).Length;
        await WriteManyAsync();
        Assert.InRange(new FileInfo(FilePath).Length, before, before + (1 << 20));

        async Task WriteManyAsync()
        {
            var random = new Random(99);
            byte[] data = new byte[4096];
            for (int i = 0; i < 3000; i++)
            {
                int block = random.Next(Blocks);
                data.AsSpan().Fill((byte)(block + 1));
                await disk.WriteAsync(block * 4096, data, None);
                if (i % 20 == 0)
                {
                    await disk.FlushAsync(None);
                }
            }
        }
    }

    [Fact]
    public async Task Changes_and_extents_tell_what_was_written()
    {
        byte[] content = new byte[1 << 20];
        content.AsSpan(0, 65_536).Fill(1);
        var below = new MemoryView(content);
        await using OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System);
        await disk.WriteAsync(200_000, new byte[] { 7 }, None);
        await disk.WriteZerosAsync(0, 8192, None);
        await disk.WriteZerosAsync(500_000, 100, None);
        Assert.Equal([new Extent(0, 8192, ExtentKind.Data), new Extent(196_608, 4096, ExtentKind.Data), new Extent(499_712, 4096, ExtentKind.Data)], disk.ListChanges());
        var extents = new List<Extent>();
        await disk.GetExtentsAsync(0, 1 << 20, 100, extents, None);
        Assert.Equal(
            [
                new Extent(0, 8192, ExtentKind.Zero), new Extent(8192, 65_536 - 8192, ExtentKind.Data), new Extent(65_536, 196_608 - 65_536, ExtentKind.Zero),
                new Extent(196_608, 4096, ExtentKind.Data), new Extent(200_704, 499_712 - 200_704, ExtentKind.Zero), new Extent(499_712, 4096, ExtentKind.Data),
                new Extent(503_808, (1 << 20) - 503_808, ExtentKind.Zero),
            ],
            extents);
        extents.Clear();
        await disk.GetExtentsAsync(0, 1 << 20, 2, extents, None);
        Assert.Equal(2, extents.Count);
        var runs = new List<(long, long, bool)>();
        disk.GetChanges(0, 1 << 20, 3, runs);
        Assert.Equal([(0L, 8192L, true), (8192L, 196_608L - 8192, false), (196_608L, 4096L, true)], runs);
    }

    [Fact]
    public async Task Discarding_a_huge_disk_costs_little_and_is_kept()
    {
        var below = new IslandView(64L << 40);
        await using (OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System))
        {
            await disk.WriteAsync(5L << 40, new byte[] { 1, 2, 3 }, None);
            await disk.WriteZerosAsync(0, 64L << 40, None);
            await disk.WriteAsync(7L << 40, new byte[] { 4, 5, 6 }, None);
            await disk.FlushAsync(None);
        }

        Assert.InRange(new FileInfo(FilePath).Length, 1, 1 << 20);
        await using OverlayDisk again = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System);
        byte[] read = new byte[3];
        await again.ReadAsync(7L << 40, read, None);
        Assert.Equal([4, 5, 6], read);
        await again.ReadAsync(5L << 40, read, None);
        Assert.Equal([0, 0, 0], read);
    }

    [Fact]
    public async Task A_long_journal_is_replaced_by_a_checkpoint()
    {
        var below = new MemoryView(new byte[1 << 20]);
        byte[] model = new byte[1 << 20];
        var random = new Random(1);
        await using (OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System))
        {
            disk.JournalPagesMax = 40;
            for (int i = 0; i < 300; i++)
            {
                int block = random.Next(256);
                random.NextBytes(model.AsSpan(block * 4096, 4096));
                await disk.WriteAsync(block * 4096, model.AsMemory(block * 4096, 4096), None);
                await disk.FlushAsync(None);
            }
        }

        Assert.InRange(new FileInfo(FilePath).Length, 1 << 19, 3 << 20);
        await using OverlayDisk again = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System);
        await AssertHoldsAsync(again, model);
    }

    [Fact]
    public async Task An_overlay_of_another_disk_in_use_or_damaged_is_refused_and_left_as_it_is()
    {
        var below = new MemoryView(new byte[1 << 20]);
        await using (OverlayDisk disk = OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System))
        {
            await disk.WriteAsync(0, new byte[] { 1 }, None);
            Assert.Equal(ErrorCode.OverlayInUse, CodeOf(() => OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System)));
        }

        byte[] bytes = await File.ReadAllBytesAsync(FilePath);
        Assert.Equal(ErrorCode.OverlayMismatch, CodeOf(() => OverlayDisk.Open(FilePath, below, below.Base with { DiskName = "other" }, TimeProvider.System)));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(FilePath));
        await File.WriteAllTextAsync(_directory["text"], "my notes");
        Assert.Equal(ErrorCode.OverlayInvalid, CodeOf(() => OverlayDisk.Open(_directory["text"], below, below.Base, TimeProvider.System)));
        Assert.Equal("my notes", await File.ReadAllTextAsync(_directory["text"]));
        bytes[100] ^= 1;
        bytes[4096 + 100] ^= 1;
        await File.WriteAllBytesAsync(FilePath, bytes);
        Assert.Equal(ErrorCode.OverlayInvalid, CodeOf(() => OverlayDisk.Open(FilePath, below, below.Base, TimeProvider.System)));
    }

    [Fact]
    public async Task A_full_file_system_fails_writes_and_loses_nothing_that_was_flushed()
    {
        var below = new MemoryView(new byte[64 << 20]);
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=8m", "overlay");
        string path = Path.Join(mount.Path, "overlay");
        byte[] data = new byte[1 << 20];
        data.AsSpan().Fill(9);
        int written = 0;
        await using (OverlayDisk disk = OverlayDisk.Open(path, below, below.Base, TimeProvider.System))
        {
            VProtectException? full = null;
            while (full is null)
            {
                try
                {
                    await disk.WriteAsync(written, data, None);
                    await disk.FlushAsync(None);
                    written += data.Length;
                }
                catch (VProtectException e)
                {
                    full = e;
                }
            }

            Assert.Equal(ErrorCode.OverlayFull, full.Code);
            Assert.InRange(written, 5 << 20, 8 << 20);
            byte[] read = new byte[written];
            await disk.ReadAsync(0, read, None);
            Assert.Equal(-1, read.AsSpan().IndexOfAnyExcept((byte)9));
        }
    }

    internal static async Task AssertHoldsAsync(IRandomAccessDisk disk, byte[] content)
    {
        byte[] read = new byte[content.Length];
        await disk.ReadAsync(0, read, None);
        Assert.True(content.AsSpan().SequenceEqual(read));
    }

    public void Dispose() => _directory.Dispose();

    private static ErrorCode CodeOf(Action action) => Assert.Throws<VProtectException>(action).Code;
}
