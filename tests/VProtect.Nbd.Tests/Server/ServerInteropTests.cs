using VProtect.Nbd.Tests.Testing;

namespace VProtect.Nbd.Tests.Server;

/// <summary>The programs of others as clients of our server.</summary>
public sealed class ServerInteropTests
{
    private const int Size = 24 << 20;

    [Fact]
    public async Task Nbdinfo_tells_what_the_export_is()
    {
        await using var server = new TestServer(NewDisk());
        string info = ServerProcess.Run("nbdinfo", "--json", server.Uri);
        foreach (string expected in new[]
        {
            "\"structured\": true", "\"export-size\": 25165824", "\"base:allocation\"", "\"vprotect:overlay\"", "\"can_multi_conn\": true",
            "\"can_fua\": true", "\"can_trim\": true", "\"can_zero\": true", "\"can_fast_zero\": true", "\"can_cache\": true", "\"can_df\": true", "\"is_read_only\": false",
        })
        {
            Assert.Contains(expected, info, StringComparison.Ordinal);
        }

        string list = ServerProcess.Run("nbdinfo", "--list", server.Uri);
        Assert.Contains("export=\"disk\"", list, StringComparison.Ordinal);
        Assert.Contains("description: a disk in memory", list, StringComparison.Ordinal);
        Assert.Equal(Size, long.Parse(ServerProcess.Run("nbdinfo", "--size", server.Unix with { ExportName = "" } + ""), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Nbdinfo_maps_holes_and_what_the_overlay_changed()
    {
        await using var server = new TestServer(NewDisk());
        string map = ServerProcess.Run("nbdinfo", "--map", server.Uri);
        Assert.Matches(@"^\s+0\s+1048576\s+0\s+data\s+1048576\s+7340032\s+3\s+hole,zero\s+8388608\s+4194304\s+0", map);
        Assert.Matches(@"^\s+0\s+1048576\s+1\s+1048576\s+7340032\s+0\s+8388608\s+4194304\s+1", ServerProcess.Run("nbdinfo", "--map=vprotect:overlay", server.Uri));
    }

    [Fact]
    public async Task Nbdcopy_takes_every_byte_out_and_brings_it_back()
    {
        MemoryExport disk = NewDisk();
        await using var server = new TestServer(disk);
        string file = server.NewFile("copy");
        ServerProcess.Run("nbdcopy", "--connections=4", server.Uri, file);
        Assert.Equal(disk.Content, await File.ReadAllBytesAsync(file));

        var target = new MemoryExport(Size);
        await using var other = new TestServer(target);
        ServerProcess.Run("nbdcopy", "--flush", file, other.Uri);
        Assert.Equal(disk.Content, target.Content);
        Assert.Contains("flush", target.Calls);

        var third = new MemoryExport(Size);
        await using var last = new TestServer(third);
        ServerProcess.Run("nbdcopy", server.Uri, last.Uri);
        Assert.Equal(disk.Content, third.Content);
    }

    [Fact]
    public async Task Nbdsh_gets_every_request_through()
    {
        var disk = new MemoryExport(Size);
        await using var server = new TestServer(disk);
        ServerProcess.Run("/usr/bin/python3", "-m", "nbd", "-c", $"""
            h.add_meta_context("base:allocation")
            h.add_meta_context("vprotect:overlay")
            h.connect_uri("{server.Uri}")
            assert h.get_size() == {Size}
            assert h.get_structured_replies_negotiated()
            assert h.get_block_size(nbd.SIZE_MINIMUM) == 1 and h.get_block_size(nbd.SIZE_PREFERRED) == 4096
            h.pwrite(b"x" * 5000, 123, nbd.CMD_FLAG_FUA)
            assert h.pread(5000, 123) == b"x" * 5000
            whole = []
            assert h.pread_structured(5, 122, lambda data, offset, status, error: whole.append(bytes(data)), nbd.CMD_FLAG_DF) == b"\0xxxx" and len(whole) == 1
            h.zero(4096, 4096, nbd.CMD_FLAG_NO_HOLE)
            assert h.pread(4096, 4096) == bytearray(4096)
            h.zero(8192, 8192, nbd.CMD_FLAG_FAST_ZERO)
            try:
                h.zero(100, 8192, nbd.CMD_FLAG_FAST_ZERO)
                raise SystemExit("a slow zero passed for fast")
            except nbd.Error as e:
                assert e.errno in ("ENOTSUP", "EOPNOTSUPP"), e.errno
            h.trim(1 << 20, 1 << 20, nbd.CMD_FLAG_FUA)
            h.cache(1 << 20, 0)
            h.flush()
            seen = []
            def status(context, offset, entries, error):
                seen.append((context, offset, list(entries)))
            h.block_status(1 << 20, 0, status)
            assert sorted(c for c, _, _ in seen) == ["base:allocation", "vprotect:overlay"], seen
            seen.clear()
            h.block_status(1 << 20, 0, status, nbd.CMD_FLAG_REQ_ONE)
            assert all(len(e) == 2 and e[0] <= 1 << 20 for _, _, e in seen), seen
            chunks = []
            h.pread_structured(16 << 20, 0, lambda data, offset, status, error: chunks.append((offset, status)))
            assert any(s == nbd.READ_HOLE for _, s in chunks) and any(s == nbd.READ_DATA for _, s in chunks), chunks
            for bad in (lambda: h.pread(10, {Size} - 5), lambda: h.pwrite(b"a" * 10, {Size} - 5), lambda: h.trim(10, {Size})):
                h.set_strict_mode(0)
                try:
                    bad()
                    raise SystemExit("a request beyond the end passed")
                except nbd.Error as e:
                    assert e.errno in ("EINVAL", "ENOSPC"), e.errno
            assert h.pread(1, 0) == b"\0"
            h.shutdown()
            """);
        Assert.Contains("write 123+5000 fua", disk.Calls);
        Assert.Contains("zero 4096+4096 NoHole", disk.Calls);
        Assert.Contains("trim 1048576+1048576 fua", disk.Calls);
        await server.AssertNothingHeldAsync();
    }

    [Fact]
    public async Task Qemu_img_and_qemu_io_work_on_it()
    {
        MemoryExport disk = NewDisk();
        await using var server = new TestServer(disk);
        string file = server.NewFile("image.qcow2");
        ServerProcess.Run("qemu-img", "convert", "-O", "qcow2", server.Uri, file);
        ServerProcess.Run("qemu-img", "compare", server.Uri, file);
        Assert.Contains("\"virtual-size\": 25165824", ServerProcess.Run("qemu-img", "info", "--output=json", server.Uri), StringComparison.Ordinal);
        string output = ServerProcess.Run(
            "qemu-io", "-f", "raw", server.Uri, "-c", "write -P 0x5a 12345 70000", "-c", "read -P 0x5a 12345 70000", "-c", "write -z 1M 1M", "-c", "read -P 0 1M 1M",
            "-c", "write -f -P 7 3M 64k", "-c", "discard 2M 1M", "-c", "flush", "-c", "aio_write -P 9 5M 2M", "-c", "aio_write -P 10 7M 2M", "-c", "aio_flush", "-c", "read -P 9 5M 2M");
        Assert.DoesNotContain("fail", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0x5a, disk.Content[12345]);
        Assert.Contains("flush", disk.Calls);
    }

    [Fact]
    public async Task Fio_verifies_what_it_wrote()
    {
        await using var server = new TestServer(new MemoryExport(Size));
        ServerProcess.Run(
            "fio", "--name=verify", "--ioengine=nbd", $"--uri={server.Uri}", "--rw=randwrite", "--bsrange=512-64k", "--bs_unaligned=1", "--iodepth=16", "--size=16M",
            "--verify=crc32c", "--verify_fatal=1", "--verify_backlog=64", "--fsync=32", "--randseed=7", "--output=" + server.NewFile("fio.log"));
        await server.AssertNothingHeldAsync();
    }

    [Fact]
    public async Task Nbdkit_passes_it_on()
    {
        MemoryExport disk = NewDisk();
        await using var server = new TestServer(disk);
        using ServerProcess proxy = ServerProcess.Nbdkit("nbd", $"socket={server.Socket}", "export=disk", "shared=true");
        string file = server.NewFile("copy");
        ServerProcess.Run("nbdcopy", proxy.Uri.ToString(), file);
        Assert.Equal(disk.Content, await File.ReadAllBytesAsync(file));
        ServerProcess.Run("qemu-io", "-f", "raw", proxy.Uri.ToString(), "-c", "write -P 3 64k 64k", "-c", "flush", "-c", "read -P 3 64k 64k");
        Assert.Equal(3, disk.Content[65536]);
    }

    [Fact]
    public async Task Our_own_client_agrees_with_it_whatever_the_blocks()
    {
        var disk = new MemoryExport(Size) { MinimumBlockBytes = 4096 };
        await using var server = new TestServer(disk, tcp: true);
        await using NbdClient client = await NbdClient.ConnectAsync(
            server.Tcp!, new NbdConnectOptions { MetaContexts = [NbdMetaContext.BaseAllocation], RequestsInFlightMax = 8 }, default);
        Assert.Equal(4096u, client.MinimumBlockBytes);
        byte[] model = new byte[Size];
        var random = new Random(11);
        for (int step = 0; step < 200; step++)
        {
            int at = random.Next(Size), length = random.Next(Math.Min(Size - at, step % 20 == 0 ? 8 << 20 : 40_000));
            if (step % 3 == 0)
            {
                random.NextBytes(model.AsSpan(at, length));
                await client.WriteAsync(at, model.AsMemory(at, length), fua: step % 2 == 0, default);
            }
            else
            {
                byte[] read = new byte[length];
                await client.ReadAsync(at, read, default);
                Assert.True(model.AsSpan(at, length).SequenceEqual(read));
            }
        }

        await client.FlushAsync(default);
        Assert.Equal(model, disk.Content);
    }

    [Fact]
    public async Task What_one_connection_has_flushed_another_reads()
    {
        await using var server = new TestServer(new MemoryExport(Size));
        ServerProcess.Run("/usr/bin/python3", "-m", "nbd", "-c", $"""
            h.connect_uri("{server.Uri}")
            g = nbd.NBD()
            g.connect_uri("{server.Uri}")
            assert h.can_multi_conn() and g.can_multi_conn()
            for i in range(50):
                h.pwrite(bytes([i]) * 4096, i * 4096)
                h.flush()
                assert g.pread(4096, i * 4096) == bytes([i]) * 4096
            """);
    }

    /// <summary>Data in its first MiB and in four MiB from 8 MiB on.</summary>
    private static MemoryExport NewDisk()
    {
        var disk = new MemoryExport(Size);
        byte[] bytes = new byte[4 << 20];
        new Random(5).NextBytes(bytes);
        disk.WriteAsync(0, bytes.AsMemory(0, 1 << 20), fua: false, default).AsTask().Wait();
        disk.WriteAsync(8 << 20, bytes, fua: false, default).AsTask().Wait();
        return disk;
    }
}
