using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Nbd;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

/// <summary>Against QEMU's own NBD server and dirty bitmaps.</summary>
public sealed class NbdSourceTests : IDisposable
{
    private const int SizeBytes = 32 << 20;
    private const int Granularity = 64 << 10;
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Export_reads_back_by_its_extents()
    {
        (byte[] disk, StorageDaemon daemon) = Start();
        using (daemon)
        {
            await using IBlockSource source = await OpenAsync(daemon, bitmap: null);
            Assert.Equal(disk, await SparseDisk.ReadAsync(source));
            Assert.Contains(ExtentKind.Zero, await source.GetExtentsAsync(None).Select(extent => extent.Kind).ToListAsync());
        }
    }

    [Fact]
    public async Task Delta_holds_what_was_written_and_discards_as_zeros()
    {
        (byte[] disk, StorageDaemon daemon) = Start("b0");
        using (daemon)
        {
            byte[] before = [.. disk];
            await WriteAsync(daemon, disk, (5_000_000, 100), (10 << 20, 300_000), (SizeBytes - 512, 512));
            await ZeroAsync(daemon, disk, 20 << 20, 1 << 20);

            await using IBlockSource source = await OpenAsync(daemon, "b0");
            var delta = Assert.IsType<ChangedBlocks.Delta>(
                await source.GetChangedBlocksAsync(new ParentDisk("p", SizeBytes, QemuBitmapToken.Write("b0")), None));

            // The parent plus the delta is the disk.
            foreach (Extent extent in delta.Extents)
            {
                Memory<byte> range = before.AsMemory((int)extent.OffsetBytes, (int)extent.LengthBytes);
                range.Span.Clear();
                if (extent.Kind == ExtentKind.Data)
                {
                    await source.ReadAsync(extent.OffsetBytes, range, None);
                }
            }

            Assert.Equal(disk, before);
            Assert.Contains(new Extent(20 << 20, 1 << 20, ExtentKind.Zero), delta.Extents);
            Assert.True(delta.Extents.Where(extent => extent.Kind == ExtentKind.Data).Sum(extent => extent.LengthBytes) <= 9 * Granularity);
        }
    }

    [Fact]
    public async Task Nothing_written_is_an_empty_delta()
    {
        (_, StorageDaemon daemon) = Start("b0");
        using (daemon)
        {
            await using IBlockSource source = await OpenAsync(daemon, "b0");
            Assert.Empty(Assert.IsType<ChangedBlocks.Delta>(
                await source.GetChangedBlocksAsync(new ParentDisk("p", SizeBytes, QemuBitmapToken.Write("b0")), None)).Extents);
            Assert.Null(source.NextToken);
        }
    }

    [Theory]
    [InlineData(null, "b0", SizeBytes, "no dirty bitmap was named")]
    [InlineData("b9", "b9", SizeBytes, "has no dirty bitmap 'b9'")]
    [InlineData("b0", "b0", SizeBytes + 512, "bytes and had")]
    [InlineData("b0", "b1", SizeBytes, "dirty bitmap 'b1' and not to 'b0'")]
    public async Task Answer_that_does_not_fit_is_MustFull_with_its_reason(
        string? bitmap, string? tokenBitmap, long parentSizeBytes, string reason)
    {
        (_, StorageDaemon daemon) = Start("b0");
        using (daemon)
        {
            await using IBlockSource source = await OpenAsync(daemon, bitmap);
            string? token = tokenBitmap is null ? null : QemuBitmapToken.Write(tokenBitmap);
            var answer = Assert.IsType<ChangedBlocks.MustFull>(
                await source.GetChangedBlocksAsync(new ParentDisk("p", parentSizeBytes, token), None));
            Assert.Contains(reason, answer.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Server_that_dies_is_a_source_error()
    {
        (_, StorageDaemon daemon) = Start("b0");
        await using IBlockSource source = await OpenAsync(daemon, "b0");
        daemon.Dispose();
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await source.ReadAsync(0, new byte[4096], None));
        Assert.Equal((ErrorCode.SourceReadFailed, ErrorSide.Source), (error.Code, error.Side));
        Assert.IsType<ChangedBlocks.MustFull>(
            await source.GetChangedBlocksAsync(new ParentDisk("p", SizeBytes, QemuBitmapToken.Write("b0")), None));
        Assert.Equal(ErrorCode.SourceUnavailable, (await Assert.ThrowsAsync<VProtectException>(
            () => OpenAsync(daemon, "b0"))).Code);
    }

    private static async Task<IBlockSource> OpenAsync(StorageDaemon daemon, string? bitmap) =>
        await BlockSourceFactory.OpenAsync(daemon.Uri, new SourceOptions { Bitmap = bitmap }, None);

    private (byte[] Disk, StorageDaemon Daemon) Start(params string[] bitmaps)
    {
        byte[] disk = SparseDisk.Create(11, SizeBytes);
        SparseDisk.WriteSparse(_directory["raw"], disk);
        Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", _directory["raw"], _directory["disk.qcow2"]);
        foreach (string bitmap in bitmaps)
        {
            Tool.Run("qemu-img", "bitmap", "--add", _directory["disk.qcow2"], bitmap);
        }

        return (disk, new StorageDaemon(_directory["disk.qcow2"], _directory["socket"], bitmaps));
    }

    private static async Task WriteAsync(StorageDaemon daemon, byte[] disk, params (int Offset, int Length)[] ranges)
    {
        await using NbdClient client = await NbdClient.ConnectAsync(NbdUri.Parse(daemon.Uri), NbdConnectOptions.Default, None);
        foreach ((int offset, int length) in ranges)
        {
            new Random(offset).NextBytes(disk.AsSpan(offset, length));
            await client.WriteAsync(offset, disk.AsMemory(offset, length), fua: false, None);
        }
    }

    private static async Task ZeroAsync(StorageDaemon daemon, byte[] disk, int offset, int length)
    {
        await using NbdClient client = await NbdClient.ConnectAsync(NbdUri.Parse(daemon.Uri), NbdConnectOptions.Default, None);
        disk.AsSpan(offset, length).Clear();
        await client.WriteZeroesAsync(offset, length, NbdWriteZeroesFlags.None, None);
    }
}
