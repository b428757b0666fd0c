using VProtect.Testing.PowerCut;

namespace VProtect.EndToEnd.Tests;

/// <summary>
/// Goal: where nobody tells what changed, everything is read but only differences are stored. Method: bytes are counted
/// below the program, by the file system it writes to.
/// </summary>
public sealed class DifferenceTests
{
    private const int SizeBytes = 24 << 20;

    [Fact]
    public void A_full_read_of_a_known_disk_stores_only_what_differs()
    {
        using var disks = new PowerCutDisk();
        disks.PowerOn(renamesWithFlags: true);
        using var place = new Workplace(Path.Join(disks.Path, "repository"), hasQuickKey: true);
        var disk = new TestDisk(place["disk.raw"], SizeBytes, seed: 80);
        place.BackUp(disk.Path);
        long before = disks.WrittenBytes;
        int touched = disk.Change(writes: 6, lengthBytesMax: 200 << 10).Count;
        place.BackUp(disk.Path, "--compare");
        long written = disks.WrittenBytes - before;

        // Noise does not compress: what differs is written once, with its headers, tree nodes and the point itself.
        long differing = (long)touched * TestDisk.ChunkBytes;
        Assert.InRange(written, differing / 2, differing + (96 << 10));
        Assert.Equal(disk.Hash, place.HashOf("latest"));

        // Another machine with the same disk costs a tree at most.
        before = disks.WrittenBytes;
        place.Run("backup", disk.Path, "--machine", "clone").Expect(0);
        Assert.InRange(disks.WrittenBytes - before, 1, 64 << 10);
    }

    [Fact]
    public void A_differential_restore_writes_only_what_differs()
    {
        using var disks = new PowerCutDisk();
        disks.PowerOn(renamesWithFlags: true);
        using var place = new Workplace(hasQuickKey: true);
        var disk = new TestDisk(place["disk.raw"], SizeBytes, seed: 81);
        place.BackUp(disk.Path);
        string target = Path.Join(disks.Path, "target.raw");
        place.Run("restore", "latest", "--to", target).Expect(0);

        // The file system knows no holes: what the backup calls zeros is data here, and must be left alone all the same.
        using (FileStream file = File.OpenWrite(target))
        {
            foreach (int at in new[] { 1 << 20, (7 << 20) + 5, SizeBytes - 100 })
            {
                file.Position = at;
                file.Write(new byte[] { 1, 2, 3 });
            }
        }

        long before = disks.WrittenBytes;
        place.Run("restore", "latest", "--to", target, "--differential").Expect(0);
        Assert.InRange(disks.WrittenBytes - before, 1, 3L * TestDisk.ChunkBytes);
        Assert.Equal(disk.Hash, Workplace.HashFile(target));
    }
}
