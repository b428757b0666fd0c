using System.Text.Json;

namespace VProtect.EndToEnd.Tests;

/// <summary>Backups of snapshots that QEMU takes of a disk in use, held against copies by nbdcopy of the same snapshots.</summary>
public sealed class DirtyBitmapTests : IDisposable
{
    private const int SizeBytes = 48 << 20;

    // What the spot check may read beside the changes: 24 chunks.
    private const long SpotCheckBytes = 24 * TestDisk.ChunkBytes;

    private readonly Workplace _place = new();
    private readonly Machine _machine;
    private readonly Dictionary<string, string> _expected = [];

    public DirtyBitmapTests() => _machine = NewMachine("vm", seed: 3);

    public void Dispose()
    {
        _machine.Dispose();
        _place.Dispose();
    }

    [Fact]
    public void Full_then_increments_by_bitmap_restore_as_nbdcopy_saw_them()
    {
        JsonElement full = BackUp("s0", since: null);
        Assert.Equal("full", full.GetProperty("mode").GetString());

        _machine.Guest("write -P 9 10000k 300k", "write -P 10 40M 64k", "write -P 11 47M 512");
        JsonElement delta = BackUp("s1", "s0", "--bitmap", Machine.Changed);
        AssertDelta(delta, writtenBytes: 300 * 1024 + 64 * 1024 + 512, ranges: 3);

        _machine.Guest("discard 8M 2M", "write -z 20M 1M", "write -P 12 30M 128k");
        JsonElement discards = BackUp("s2", "s1", "--bitmap", Machine.Changed);
        AssertDelta(discards, writtenBytes: 128 * 1024, ranges: 1);

        JsonElement nothing = BackUp("s3", "s2", "--bitmap", Machine.Changed);
        AssertDelta(nothing, writtenBytes: 0, ranges: 0);
        AssertAllRestore();
    }

    [Fact]
    public void Generations_may_have_bitmaps_of_different_names_when_the_next_is_told()
    {
        BackUp("s0", since: null, "--next-bitmap", "generation-1");
        _machine.Guest("write -P 1 1M 64k");
        AssertDelta(BackUp("s1", "s0", "--bitmap", "generation-1", "--next-bitmap", "generation-2"), 64 << 10, ranges: 1);
        _machine.Guest("write -P 2 2M 64k");
        AssertDelta(BackUp("s2", "s1", "--bitmap", "generation-2", "--next-bitmap", "generation-3"), 64 << 10, ranges: 1);

        // The bitmap of the generation before is not the one that began at the parent.
        _machine.Guest("write -P 3 3M 64k");
        AssertCompare(BackUp("s3", "s2", "--bitmap", "generation-2"), "generation-3");
        AssertAllRestore();
    }

    [Fact]
    public void Missing_bitmap_is_compared()
    {
        BackUp("s0", since: null);
        _machine.Guest("write -P 1 1M 64k");
        AssertCompare(BackUp("s1", since: null, "--bitmap", Machine.Changed), "has no dirty bitmap");
        AssertAllRestore();
    }

    [Fact]
    public void Resized_disk_is_compared()
    {
        BackUp("s0", since: null);

        // Killed, so that the bitmap is lost, as after a power cut; with it the image could not be resized.
        _machine.Kill();
        string image = _place["vm.qcow2"];
        Tool.Run("qemu-img", "resize", "-q", image, $"{SizeBytes + (5 << 20) + 512}");
        using var grown = new Machine(_place["grown"], image);
        grown.BeginSnapshot("g0");
        grown.Guest("write -P 5 50M 64k");
        grown.BeginSnapshot("g1", "g0");
        AssertCompare(BackUpSnapshot(grown, "g1", "--bitmap", Machine.Changed), "bytes and had");
        AssertAllRestore();
    }

    [Fact]
    public void Bitmap_of_another_disk_is_compared()
    {
        BackUp("s0", since: null);
        using Machine other = NewMachine("other", seed: 4);
        other.BeginSnapshot("o0");
        other.BeginSnapshot("o1", "o0");
        AssertCompare(BackUpSnapshot(other, "o1", "--bitmap", Machine.Changed), "belongs to another");
        AssertAllRestore();
    }

    private Machine NewMachine(string name, int seed)
    {
        var disk = new TestDisk(_place[name + ".raw"], SizeBytes, seed);
        Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk.Path, _place[name + ".qcow2"]);
        File.Delete(disk.Path);
        return new Machine(_place[name], _place[name + ".qcow2"]);
    }

    private JsonElement BackUp(string name, string? since, params string[] options)
    {
        int bitmap = Array.IndexOf(options, "--bitmap");
        _machine.BeginSnapshot(name, since, bitmap < 0 ? Machine.Changed : options[bitmap + 1]);

        // The guest goes on writing meanwhile: none of it may be seen.
        _machine.Guest("write -P 77 15M 200k");
        JsonElement backup = BackUpSnapshot(_machine, name, options);
        _machine.EndSnapshot(name);
        return backup;
    }

    private JsonElement BackUpSnapshot(Machine machine, string name, params string[] options)
    {
        JsonElement backup = _place.BackUp(machine.Uri(name), options);
        string copy = _place["copy.raw"];
        Tool.Run("nbdcopy", machine.Uri(name), copy);
        _expected.Add(backup.GetProperty("restorePoint").GetString()!, Workplace.HashFile(copy));
        File.Delete(copy);
        return backup;
    }

    /// <summary>Each range may touch one block more at its ends; what was written during the snapshot before counts too.</summary>
    private static void AssertDelta(JsonElement backup, long writtenBytes, int ranges)
    {
        Assert.Equal("delta", backup.GetProperty("mode").GetString());
        long meanwhile = (200 << 10) + TestDisk.ChunkBytes;
        Assert.InRange(
            backup.GetProperty("readBytes").GetInt64(), 0, writtenBytes + (2 * ranges * TestDisk.ChunkBytes) + meanwhile + SpotCheckBytes);
    }

    private static void AssertCompare(JsonElement backup, string reason)
    {
        Assert.Equal("compare", backup.GetProperty("mode").GetString());
        Assert.Contains(reason, backup.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    private void AssertAllRestore()
    {
        _place.VerifyIsSound();
        Assert.Equal(_expected.Keys.Order(), _place.Points().Order());
        foreach ((string point, string hash) in _expected)
        {
            string target = _place["restored.raw"];
            _place.Restore(point, target);
            Assert.Equal(hash, Workplace.HashFile(target));
            File.Delete(target);
        }
    }
}
