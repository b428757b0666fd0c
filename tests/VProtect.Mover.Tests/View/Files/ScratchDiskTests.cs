using VProtect.Mover.View.Files;
using VProtect.Nbd.Server;

namespace VProtect.Mover.Tests.View.Files;

public sealed class ScratchDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken None => CancellationToken.None;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_is_written_is_read_and_the_disk_below_stays()
    {
        var random = new Random(1);
        byte[] content = new byte[(40 * ScratchFile.BlockBytes) + 1536];
        random.NextBytes(content);
        byte[] wanted = [.. content];
        File.WriteAllBytes(_directory["disk"], content);
        using var below = new FileExport(_directory["disk"]);
        using var scratch = new ScratchFile(_directory.Path);
        var disk = new ScratchDisk(below, scratch);
        for (int i = 0; i < 200; i++)
        {
            int offset = random.Next(content.Length / 512) * 512;
            byte[] data = new byte[Math.Min(random.Next(1, 24) * 512, content.Length - offset)];
            random.NextBytes(data);
            await disk.WriteAsync(offset, data, fua: false, None);
            data.CopyTo(wanted, offset);
            int from = random.Next(content.Length);
            byte[] read = new byte[random.Next(1, content.Length - from + 1)];
            await disk.ReadAsync(from, read, None);
            Assert.Equal(wanted[from..(from + read.Length)], read);
        }

        Assert.Equal(content, File.ReadAllBytes(_directory["disk"]));
        Assert.Equal([_directory["disk"]], Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Writes_beyond_its_limit_fail_and_all_before_stay()
    {
        File.WriteAllBytes(_directory["disk"], new byte[8 * ScratchFile.BlockBytes]);
        using var below = new FileExport(_directory["disk"]);
        using var scratch = new ScratchFile(_directory.Path, 2 * ScratchFile.BlockBytes);
        var disk = new ScratchDisk(below, scratch);
        byte[] block = [.. Enumerable.Repeat((byte)7, ScratchFile.BlockBytes)];
        await disk.WriteAsync(0, block, fua: false, None);
        await disk.WriteAsync(3 * ScratchFile.BlockBytes, block, fua: false, None);
        NbdExportException full = await Assert.ThrowsAsync<NbdExportException>(() => disk.WriteAsync(ScratchFile.BlockBytes, block, fua: false, None).AsTask());
        Assert.Equal(NbdFault.NoSpace, full.Fault);
        await disk.WriteAsync(0, block, fua: false, None);
        byte[] read = new byte[ScratchFile.BlockBytes];
        await disk.ReadAsync(3 * ScratchFile.BlockBytes, read, None);
        Assert.Equal(block, read);
    }
}
