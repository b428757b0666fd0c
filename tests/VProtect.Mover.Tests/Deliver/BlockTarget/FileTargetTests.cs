using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Tests.Deliver.BlockTarget;

public sealed partial class FileTargetTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 513)]
    [InlineData(3, 20_000_003)]
    [InlineData(4, 16 << 20)]
    public async Task Disk_appears_whole_when_complete_and_sparse(int seed, int sizeBytes)
    {
        byte[] disk = SparseDisk.Create(seed, sizeBytes);
        await using (FileTarget target = Open(sizeBytes))
        {
            await SparseDisk.WriteAsync(target, disk, seed);
            Assert.False(File.Exists(_directory["disk.raw"]));
            await target.CompleteAsync(None);
        }

        Assert.Equal(disk, File.ReadAllBytes(_directory["disk.raw"]));
        Assert.Single(Directory.GetFiles(_directory.Path));
        if (sizeBytes > 1 << 20)
        {
            Assert.True(long.Parse(Tool.Run("stat", "-c", "%b", _directory["disk.raw"]), null) * 512 < sizeBytes);
        }
    }

    [Fact]
    public async Task Restore_that_is_given_up_leaves_nothing_and_spares_what_was_there()
    {
        File.WriteAllText(_directory["disk.raw"], "old");
        await using (FileTarget target = Open(1 << 20, overwrite: true))
        {
            await target.WriteAsync(0, new byte[4096], None);
        }

        Assert.Equal("old", File.ReadAllText(_directory["disk.raw"]));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Existing_file_is_replaced_only_when_allowed()
    {
        File.WriteAllText(_directory["disk.raw"], "old");
        Assert.Equal(ErrorCode.TargetUnavailable, Assert.Throws<VProtectException>(() => Open(4096)).Code);
        await using (FileTarget target = Open(4096, overwrite: true))
        {
            await target.CompleteAsync(None);
        }

        Assert.Equal(new byte[4096], File.ReadAllBytes(_directory["disk.raw"]));
    }

    // A process that is just being started shares our open files until it runs its program: a copy of the descriptor is the same to the kernel.
    [Fact]
    public void Restored_file_is_free_as_soon_as_it_has_its_name()
    {
        using var file = NewFile.Create(_directory["disk.raw"], overwrite: false);
        using var shared = new SafeFileHandle(Dup(PosixFile.Fd(file.Handle)), ownsHandle: true);
        file.Publish();
        Assert.Empty(File.ReadAllBytes(_directory["disk.raw"]));
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Dup(int fd);

    [Fact]
    public async Task File_that_appears_meanwhile_is_not_replaced()
    {
        await using FileTarget target = Open(4096);
        File.WriteAllText(_directory["disk.raw"], "somebody else's");
        Assert.Equal(ErrorCode.TargetUnavailable, (await Assert.ThrowsAsync<VProtectException>(
            async () => await target.CompleteAsync(None))).Code);
        Assert.Equal("somebody else's", File.ReadAllText(_directory["disk.raw"]));
    }

    [Fact]
    public async Task Leftover_of_a_killed_restore_is_removed_by_the_next_one_and_others_are_not()
    {
        File.WriteAllText(_directory[".disk.raw.vprotect-0123456789abcdef-12-ff"], "of another boot");
        File.WriteAllText(_directory[".disk2.raw.vprotect-0123456789abcdef-12-ff"], "another disk's");
        await using FileTarget target = Open(4096);
        await target.CompleteAsync(None);
        Assert.Equal(
            [".disk2.raw.vprotect-0123456789abcdef-12-ff", "disk.raw"],
            Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Differential_restore_reads_and_changes_the_disk_in_place()
    {
        byte[] old = SparseDisk.Create(5, 8 << 20);
        SparseDisk.WriteSparse(_directory["disk.raw"], old);
        byte[] disk = SparseDisk.Create(6, (8 << 20) + 1000);
        await using (FileTarget target = Open(disk.Length, differential: true))
        {
            Assert.True(target.CanRead);
            Assert.False(target.IsZeroed);
            byte[] read = new byte[disk.Length];
            await target.ReadAsync(0, read, None);
            Assert.Equal([.. old, .. new byte[1000]], read);
            List<Extent> extents = await target.GetExtentsAsync(None).ToListAsync();
            Assert.Equal(disk.Length, extents.Sum(extent => extent.LengthBytes));
            await SparseDisk.WriteAsync(target, disk, seed: 1);
            await target.CompleteAsync(None);
        }

        Assert.Equal(disk, File.ReadAllBytes(_directory["disk.raw"]));
        Assert.Throws<VProtectException>(() => FileTarget.Open(
            _directory["none"], new TargetOptions { SizeBytes = 1, Differential = true }));
    }

    [Fact]
    public async Task Full_disk_is_a_write_error_that_says_so()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=2m", "tmpfs");
        await using FileTarget target = FileTarget.Open(Path.Join(mount.Path, "disk"), new TargetOptions { SizeBytes = 8 << 20 });
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await target.WriteAsync(0, new byte[4 << 20], None));
        Assert.Equal((ErrorCode.TargetWriteFailed, ErrorSide.Target), (error.Code, error.Side));
        Assert.Contains("Free space", error.Guidance, StringComparison.Ordinal);
    }

    private FileTarget Open(long sizeBytes, bool overwrite = false, bool differential = false) => FileTarget.Open(
        _directory["disk.raw"], new TargetOptions { SizeBytes = sizeBytes, Overwrite = overwrite, Differential = differential });
}
