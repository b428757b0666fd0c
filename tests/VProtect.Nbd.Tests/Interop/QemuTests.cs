using VProtect.Nbd.Tests.Testing;

namespace VProtect.Nbd.Tests.Interop;

public sealed class QemuTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Qemu_nbd_tells_allocation_and_depth_in_one_connection()
    {
        string directory = ServerProcess.NewDirectory();
        string image = Path.Combine(directory, "disk.qcow2");
        ServerProcess.Run("qemu-img", "create", "-q", "-f", "qcow2", image, "5G");
        ServerProcess.Run("qemu-io", "-f", "qcow2", "-c", "write -P 1 1M 64k", "-c", "write -P 2 4608M 128k", "-c", "write -z 2M 64k", image);
        using ServerProcess server = ServerProcess.QemuNbd(directory, "-r", "-e", "8", "-f", "qcow2", "-A", image);
        await using NbdClient client = await NbdClient.ConnectAsync(
            server.Uri,
            new NbdConnectOptions { MetaContexts = [NbdMetaContext.BaseAllocation, NbdMetaContext.QemuAllocationDepth, "qemu:dirty-bitmap:none"] },
            None);
        Assert.Equal([NbdMetaContext.BaseAllocation, NbdMetaContext.QemuAllocationDepth], client.MetaContexts.Order());
        Assert.Equal(5L << 30, client.SizeBytes);
        List<NbdExtent> data = await ListAsync(client, NbdMetaContext.BaseAllocation);
        Assert.Equal(
            [(1L << 20, 64L << 10), (4608L << 20, 128L << 10)],
            data.Where(extent => (extent.Flags & NbdMetaContext.Zero) == 0).Select(extent => (extent.OffsetBytes, extent.LengthBytes)));
        List<NbdExtent> depth = await ListAsync(client, NbdMetaContext.QemuAllocationDepth);
        Assert.Equal(3, depth.Count(extent => extent.Flags == 1));
        byte[] buffer = new byte[(64 << 10) + 2];
        await client.ReadAsync((1 << 20) - 1, buffer, None);
        Assert.Equal((0, 1, 1, 0), (buffer[0], buffer[1], buffer[^2], buffer[^1]));
    }

    [Fact]
    public async Task Storage_daemon_tells_what_a_dirty_bitmap_recorded()
    {
        string directory = ServerProcess.NewDirectory();
        string image = Path.Combine(directory, "disk.qcow2");
        ServerProcess.Run("qemu-img", "create", "-q", "-f", "qcow2", image, "1G");
        ServerProcess.Run("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 1M", image);
        ServerProcess.Run("qemu-img", "bitmap", "--add", "-g", "65536", image, "b0");
        ServerProcess.Run("qemu-io", "-f", "qcow2", "-c", "write -P 7 512M 3M", "-c", "write -P 8 1000 10", image);
        ServerProcess.Run("qemu-img", "bitmap", "--disable", image, "b0");
        using ServerProcess server = ServerProcess.StorageDaemon(
            directory,
            "--blockdev", $"driver=qcow2,node-name=d,read-only=on,file.driver=file,file.filename={image}",
            "--export", "type=nbd,id=e,node-name=d,name=disk,bitmaps.0=b0");
        string bitmap = NbdMetaContext.QemuDirtyBitmap("b0");
        await using NbdClient client = await NbdClient.ConnectAsync(
            server.Uri with { ExportName = "disk" }, new NbdConnectOptions { MetaContexts = [NbdMetaContext.BaseAllocation, bitmap] }, None);
        List<NbdExtent> dirty = await ListAsync(client, bitmap);
        Assert.Equal(
            [new(0, 65_536, 1), new(65_536, (512L << 20) - 65_536, 0), new(512L << 20, 3L << 20, 1), new(515L << 20, (1L << 30) - (515L << 20), 0)],
            dirty);
        Assert.Equal([new(700, 1300, 1)], await client.GetExtentsAsync(bitmap, 700, 1300, None).ToListAsync());

        NbdExportInfo export = Assert.Single(await NbdClient.ListExportsAsync(server.Uri, new NbdConnectOptions(), None));
        Assert.Equal(("disk", 1L << 30), (export.Name, export.SizeBytes));
        Assert.Contains(bitmap, export.MetaContexts);
        var e = await Assert.ThrowsAsync<NbdException>(() =>
            NbdClient.ConnectAsync(server.Uri with { ExportName = "nosuch" }, new NbdConnectOptions(), None));
        Assert.Equal(NbdErrorKind.ExportNotFound, e.Kind);
    }

    [Fact]
    public async Task A_server_of_one_connection_at_a_time_is_served_by_one()
    {
        string directory = ServerProcess.NewDirectory();
        string image = Path.Combine(directory, "disk.raw");
        await File.WriteAllBytesAsync(image, new byte[1 << 20]);
        using ServerProcess server = ServerProcess.QemuNbd(directory, "-r", "-e", "1", "-f", "raw", image);
        await using NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None);
        Assert.Equal(1, client.ConnectionCount);
        await client.ReadAsync(0, new byte[1 << 20], None);
    }

    [Fact]
    public async Task Qemu_nbd_keeps_what_is_written_and_zeroes_what_is_trimmed()
    {
        string directory = ServerProcess.NewDirectory();
        string image = Path.Combine(directory, "disk.raw");
        await File.WriteAllBytesAsync(image, new byte[8 << 20]);
        byte[] data = new byte[3 << 20];
        new Random(5).NextBytes(data);
        using ServerProcess server = ServerProcess.QemuNbd(directory, "-f", "raw", "--discard=unmap", image);
        await using (NbdClient client = await NbdClient.ConnectAsync(server.Uri, new NbdConnectOptions(), None))
        {
            await client.WriteAsync(12_345, data, fua: true, None);
            await client.WriteZeroesAsync(1 << 20, 70_000, NbdWriteZeroesFlags.NoHole | NbdWriteZeroesFlags.ForceUnitAccess, None);
            await client.TrimAsync(4 << 20, 1 << 20, None);
            await client.FlushAsync(None);
        }

        byte[] expected = new byte[8 << 20];
        data.CopyTo(expected, 12_345);
        expected.AsSpan(1 << 20, 70_000).Clear();
        Assert.Equal(expected, await File.ReadAllBytesAsync(image));
    }

    private static Task<List<NbdExtent>> ListAsync(NbdClient client, string context) =>
        client.GetExtentsAsync(context, 0, client.SizeBytes, None).ToListAsync();
}
