using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

public sealed class FileSourceTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 4095)]
    [InlineData(4, 1_000_001)]
    [InlineData(5, 20_000_003)]
    [InlineData(6, 16 << 20)]
    public async Task Sparse_file_reads_back_by_its_extents(int seed, int sizeBytes)
    {
        byte[] disk = SparseDisk.Create(seed, sizeBytes);
        SparseDisk.WriteSparse(_directory["disk"], disk);
        await using FileSource source = FileSource.Open(_directory["disk"]);
        Assert.Equal(sizeBytes, source.SizeBytes);
        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
    }

    [Fact]
    public async Task Hole_is_a_zero_extent_that_costs_nothing()
    {
        using (FileStream file = File.Create(_directory["disk"]))
        {
            file.SetLength(1L << 40);
            file.Position = 1L << 39;
            file.Write(new byte[4096]);
        }

        await using FileSource source = FileSource.Open(_directory["disk"]);
        List<Extent> extents = await source.GetExtentsAsync(None).ToListAsync();
        Assert.Equal(3, extents.Count);
        Assert.Equal(new Extent(1L << 39, 4096, ExtentKind.Data), extents[1]);
        Assert.Equal((ExtentKind.Zero, 1L << 40), (extents[2].Kind, extents[2].EndBytes));
    }

    [Fact]
    public async Task File_that_shrinks_is_an_error()
    {
        File.WriteAllBytes(_directory["disk"], new byte[100_000]);
        await using FileSource source = FileSource.Open(_directory["disk"]);
        File.WriteAllBytes(_directory["disk"], new byte[50_000]);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await source.ReadAsync(40_000, new byte[20_000], None));
        Assert.Equal(ErrorCode.SourceReadFailed, error.Code);
        Assert.Contains("shorter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_cut_off_is_no_hole()
    {
        File.WriteAllBytes(_directory["disk"], new byte[100_000]);
        await using FileSource source = FileSource.Open(_directory["disk"]);
        File.WriteAllBytes(_directory["disk"], new byte[50_000]);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await source.GetExtentsAsync(None).ToListAsync());
        Assert.Equal(ErrorCode.SourceReadFailed, error.Code);
        Assert.Contains("shorter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Block_device_is_read_whole()
    {
        byte[] disk = SparseDisk.Create(7, 4 << 20);
        File.WriteAllBytes(_directory["disk"], disk);
        using var device = new LoopDevice(_directory["disk"]);
        await using IBlockSource source = await BlockSourceFactory.OpenAsync(device.Path, new SourceOptions(), None);
        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
        Assert.Contains("no record", Assert.IsType<ChangedBlocks.MustFull>(
            await source.GetChangedBlocksAsync(new ParentDisk("p", 4 << 20, null), None)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_disk_is_refused()
    {
        Assert.Equal(ErrorCode.SourceUnavailable, Assert.Throws<VProtectException>(() => FileSource.Open(_directory.Path)).Code);
        Assert.Equal(ErrorCode.SourceUnavailable, Assert.Throws<VProtectException>(() => FileSource.Open(_directory["none"])).Code);
        Assert.Equal(ErrorCode.SourceUnavailable, Assert.Throws<VProtectException>(() => FileSource.Open("/dev/null")).Code);
    }
}
