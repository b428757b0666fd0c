namespace VProtect.EndToEnd.Tests;

/// <summary>Repositories and targets that are full, read-only or closed to us.</summary>
public sealed class RepositoryFaultTests
{
    [Fact]
    public void Full_repository_keeps_what_it_has_and_goes_on_when_there_is_space()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=24m", "tmpfs");
        using var place = new Workplace(Path.Join(mount.Path, "repository"));
        var small = new TestDisk(place["small.raw"], 8 << 20, seed: 60);
        var large = new TestDisk(place["large.raw"], 48 << 20, seed: 61);
        large.Change(writes: 60, lengthBytesMax: 2 << 20);
        place.BackUp(small.Path);

        Assert.Contains("space", place.Run("backup", large.Path, "--machine", "large").ExpectError(5, "StoreFull"), StringComparison.OrdinalIgnoreCase);
        string point = Assert.Single(place.Points());
        Assert.Equal(small.Hash, place.HashOf(point));
        place.VerifyIsSound();
        place.NothingTemporaryIsLeft();

        Tool.Run("mount", "-o", "remount,size=200m", mount.Path);
        place.Run("backup", large.Path, "--machine", "large").Expect(0);
        Assert.Equal(large.Hash, Workplace.Hash(place.Run("restore", "latest", "--machine", "large", "--to", "-").Expect(0).Output));
        Assert.Equal(small.Hash, place.HashOf(point));
        place.VerifyIsSound();
    }

    [Fact]
    public void Read_only_repository_can_be_read()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=64m", "tmpfs");
        using var place = new Workplace(Path.Join(mount.Path, "repository"));
        var disk = new TestDisk(place["disk.raw"], 8 << 20, seed: 62);
        place.BackUp(disk.Path);
        place.Run("backup", disk.Path, "--machine", "gone").Expect(0);
        place.Run("forget", "latest", "--machine", "gone").Expect(0);
        Tool.Run("mount", "-o", "remount,ro", mount.Path);
        Assert.Single(place.Points());
        Assert.Equal(disk.Hash, place.HashOf("latest"));
        place.VerifyIsSound();
        place.Run("backup", disk.Path, "--machine", "vm").ExpectError(5, "StoreDenied");
        place.Run("forget", "latest", "--machine", "vm").ExpectError(5, "StoreDenied");
        place.Run("repo", "gc", place.Repository).ExpectError(5, "StoreDenied");
    }

    [Theory]
    [InlineData("restored.raw")]
    [InlineData("restored.qcow2")]
    public void Full_target_leaves_no_half_file(string name)
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=6m", "tmpfs");
        File.SetUnixFileMode(mount.Path, (UnixFileMode)0b111_101_101);
        using var place = new Workplace();
        var disk = new TestDisk(place["disk.raw"], 32 << 20, seed: 63);
        disk.Change(writes: 40, lengthBytesMax: 1 << 20);
        place.BackUp(disk.Path);
        place.Run("restore", "latest", "--to", Path.Join(mount.Path, name)).ExpectError(4, "TargetWriteFailed");
        Assert.Empty(Directory.EnumerateFileSystemEntries(mount.Path));
        place.NothingTemporaryIsLeft();
    }

    [Fact]
    public void What_may_not_be_touched_is_named()
    {
        using var place = new Workplace();
        var disk = new TestDisk(place["disk.raw"], 4 << 20, seed: 64);
        place.BackUp(disk.Path);
        string directory = Directory.CreateDirectory(place["closed"]).FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0b101_101_101);
        Assert.Contains(directory, place.RunUnprivileged("restore", "latest", "--to", Path.Join(directory, "x")).ExpectError(4, "TargetUnavailable"), StringComparison.Ordinal);

        File.SetUnixFileMode(disk.Path, 0);
        Assert.Contains(disk.Path, place.RunUnprivileged("backup", disk.Path, "--machine", "vm").ExpectError(3, "SourceUnavailable"), StringComparison.Ordinal);

        File.SetUnixFileMode(place.Repository, 0);
        Assert.Contains(place.Repository, place.RunUnprivileged("list").ExpectError(5, "StoreDenied"), StringComparison.Ordinal);
        File.SetUnixFileMode(place.Repository, (UnixFileMode)0b111_000_000);
    }
}
