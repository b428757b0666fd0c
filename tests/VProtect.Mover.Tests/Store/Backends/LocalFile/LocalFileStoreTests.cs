using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.LocalFile;

namespace VProtect.Mover.Tests.Store.Backends.LocalFile;

public sealed class LocalFileStoreTests : ObjectStoreConformance, IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    protected override IObjectStore Open() => LocalFileStore.Open(_directory["repo"], create: true);

    public void Dispose() => _directory.Dispose();

    protected override void AssertNothingTemporary() => Assert.Empty(Directory.GetFiles(_directory["repo/.tmp"]));

    [Fact]
    public void Missing_directory_and_file_in_its_place_are_no_store()
    {
        VProtectException error = Assert.Throws<VProtectException>(() => LocalFileStore.Open(_directory["none"], create: false));
        Assert.Equal(ErrorCode.RepositoryNotFound, error.Code);
        File.WriteAllText(_directory["file"], "x");
        error = Assert.Throws<VProtectException>(() => LocalFileStore.Open(_directory["file"], create: true));
        Assert.Equal(ErrorCode.RepositoryNotFound, error.Code);
    }

    [Fact]
    public async Task Two_stores_on_one_directory_see_each_others_objects()
    {
        await using LocalFileStore one = LocalFileStore.Open(_directory["repo"], create: false);
        await using LocalFileStore two = LocalFileStore.Open(_directory["repo"], create: false);
        byte[] big = Filled(2_000_000, 1);
        Assert.True(await one.PutIfAbsentAsync("packs/a", big, None));
        Assert.False(await two.PutIfAbsentAsync("packs/a", big, None));
        Assert.Equal(8, await two.ReadAsync("packs/a", 0, new byte[8], None));
        // The other's open file must not outlive the object.
        Assert.True(await one.DeleteAsync("packs/a", None));
        Assert.Equal(-1, await two.ReadAsync("packs/a", 0, new byte[8], None));
    }

    [Fact]
    public async Task Full_file_system_is_StoreFull_and_leaves_room_again()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "-o", "size=4m", "tmpfs");
        await using LocalFileStore store = LocalFileStore.Open(mount.Path, create: false);
        await using (IObjectWriter writer = await store.CreateAsync("packs/a", None))
        {
            VProtectException error = await Assert.ThrowsAsync<VProtectException>(async () =>
            {
                for (int i = 0; i < 10; i++)
                {
                    await writer.WriteAsync(new byte[1 << 20], None);
                }
            });
            Assert.Equal(ErrorCode.StoreFull, error.Code);
            Assert.Equal(RetryAdvice.Later, error.Retry);
        }

        Assert.True(await store.PutIfAbsentAsync("packs/b", new byte[3 << 20], None));
        StoreSpace space = (await store.GetSpaceAsync(None))!.Value;
        Assert.Equal(4 << 20, space.TotalBytes);
        Assert.InRange(space.FreeBytes, 0, 1 << 20);
    }

    [Fact]
    public async Task Read_only_file_system_opens_reads_and_denies_writing()
    {
        using var mount = new TemporaryMount("-t", "tmpfs", "tmpfs");
        await using (LocalFileStore store = LocalFileStore.Open(mount.Path, create: false))
        {
            Assert.True(await store.PutIfAbsentAsync("config", new byte[1], None));
        }

        Tool.Run("mount", "-o", "remount,ro", mount.Path);
        await using LocalFileStore readOnly = LocalFileStore.Open(mount.Path, create: false);
        Assert.Equal(1, await readOnly.ReadAsync("config", 0, new byte[9], None));
        Assert.Equal(ErrorCode.StoreDenied, (await Assert.ThrowsAsync<VProtectException>(
            async () => await readOnly.CreateAsync("a", None))).Code);
        Assert.Equal(ErrorCode.StoreDenied, (await Assert.ThrowsAsync<VProtectException>(
            async () => await readOnly.PutIfAbsentAsync("a", new byte[1], None))).Code);
        Assert.Equal(ErrorCode.StoreDenied, (await Assert.ThrowsAsync<VProtectException>(
            async () => await readOnly.DeleteAsync("config", None))).Code);
    }

    [Fact]
    public async Task Store_that_vanishes_fails_instead_of_looking_empty()
    {
        LocalFileStore store = LocalFileStore.Open(_directory["gone"], create: true);
        Directory.Delete(_directory["gone"]);
        Assert.Equal(ErrorCode.StoreFailed, (await Assert.ThrowsAsync<VProtectException>(
            async () => await store.PutIfAbsentAsync("a", new byte[1], None))).Code);
    }

    [Fact]
    public async Task Opening_removes_leftovers_of_the_dead_and_spares_the_living()
    {
        string temporary = _directory["repo/.tmp"];
        await using LocalFileStore living = LocalFileStore.Open(_directory["repo"], create: false);
        await using IObjectWriter writer = await living.CreateAsync("packs/a", None);
        await writer.WriteAsync(new byte[10], None);
        File.WriteAllText(Path.Join(temporary, "0123456789abcdef-12-ff"), "of another boot");

        await using LocalFileStore next = LocalFileStore.Open(_directory["repo"], create: false);

        Assert.Equal(1, next.LeftoversRemoved);
        Assert.Single(Directory.GetFiles(temporary));
        Assert.True(await writer.CommitAsync(None));
        Assert.Empty(Directory.GetFiles(temporary));
    }
}
