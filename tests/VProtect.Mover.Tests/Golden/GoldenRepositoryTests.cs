using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.LocalFile;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Golden;

/// <summary>
/// Repositories of every released format, as they were written then, open for ever: listed, verified, restored byte by byte, and
/// built upon by today's program. tests/golden/README.md tells what is in them.
/// </summary>
public sealed class GoldenRepositoryTests
{
    [Theory]
    [InlineData("repository-v1", true)]
    [InlineData("repository-v1-clear", false)]
    [InlineData("repository-v1b", true)]
    [InlineData("repository-v1b-clear", false)]
    public async Task A_repository_of_version_1_is_read_whole(string name, bool isEncrypted)
    {
        using TemporaryDirectory copy = Copy(name);
        await using Repository repository = await GoldenRepositoryWriter.OpenAsync(copy.Path, isEncrypted);
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(repository, index);
        Assert.Equal(isEncrypted, repository.IsEncrypted);
        Assert.Equal(GoldenRepositoryWriter.ChunkBytes, repository.ChunkBytes);

        VerifyResult verified = await new VerifyPipeline(chunks, new VerifyOptions(), new RestoreCounters()).RunAsync(default);
        Assert.True(verified.IsSound, string.Join(' ', verified.Faults));
        Assert.Equal(2, verified.RestorePoints);

        IReadOnlyList<RestorePoint> points = await repository.ListPointsAsync(default);
        Assert.Equal([("machine", 1L), ("machine", 2L)], points.Select(point => (point.Machine, point.Sequence)));
        Assert.All(points, point => Assert.Equal("golden", point.Label));
        Assert.Equal(points[0].Id, points[1].Parent);
        Assert.Equal([BackupMode.Full, BackupMode.Compare], points.Select(point => point.Disks[0].Mode));
        Assert.Equal(GoldenDisk.System, await RestoreAsync(chunks, points[0].GetDisk("system")));
        Assert.Equal(GoldenDisk.SystemLater, await RestoreAsync(chunks, points[1].GetDisk("system")));
        Assert.Equal(GoldenDisk.Data, await RestoreAsync(chunks, points[1].GetDisk("data")));
        Assert.Equal(points[0].GetDisk("data").Root, points[1].GetDisk("data").Root);

        // The forgotten one is there until a collection.
        Assert.Equal(3, Directory.GetFiles(copy["points"]).Length);
        string forgotten = Path.GetFileName(Assert.Single(Directory.GetFiles(copy["forgotten"])));
        RestorePoint point = (await repository.ReadPointAsync(forgotten, default))!;
        Assert.Equal(GoldenDisk.Forgotten, await RestoreAsync(chunks, point.GetDisk(null)));

        // Reading leaves no trace.
        Assert.Equal(FilesOf(Source(name)), FilesOf(copy.Path));
    }

    [Fact]
    public async Task A_repository_of_version_1_opens_with_its_key_alone()
    {
        using TemporaryDirectory copy = Copy("repository-v1");
        foreach ((Secret? secret, ErrorCode code) in new[] { (Secret.FromText("Golden"), ErrorCode.WrongKey), (null, ErrorCode.KeyRequired) })
        {
            await using LocalFileStore store = LocalFileStore.Open(copy.Path, create: false);
            VProtectException error = await Assert.ThrowsAsync<VProtectException>(() => Repository.OpenAsync(store, secret, TimeProvider.System, default));
            Assert.Equal(code, error.Code);
        }
    }

    /// <summary>What was written then is forgotten, collected and kept by today's rules; the last written restore point loses nothing.</summary>
    [Theory]
    [InlineData("repository-v1", true)]
    [InlineData("repository-v1-clear", false)]
    [InlineData("repository-v1b", true)]
    [InlineData("repository-v1b-clear", false)]
    public async Task Todays_program_forgets_and_collects_in_a_repository_of_version_1(string name, bool isEncrypted)
    {
        using TemporaryDirectory copy = Copy(name);
        await using Repository repository = await GoldenRepositoryWriter.OpenAsync(copy.Path, isEncrypted);
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(repository, index);
        bool isLater = name.Contains("v1b", StringComparison.Ordinal);
        IReadOnlyList<RestorePoint> points = await repository.ListPointsAsync(default);
        Assert.Equal(isLater ? ["golden"] : [], (await repository.ListHoldsAsync(default)).Values.Select(hold => hold.Reason));
        RepositoryOverview overview = await RepositoryOverview.ReadAsync(repository, default);
        Assert.Equal(isLater, overview.CondemnedBytes > 0);
        Assert.Empty(overview.Writers);

        await repository.ForgetAsync(points[0], default);
        var ledger = new MemoryReferenceLedger();
        var collected = new List<CollectResult>();
        for (int i = 0; i < 3; i++)
        {
            collected.Add(await new GarbageCollector(chunks, ledger, new CollectOptions { RewriteBelow = 1 }).RunAsync(progress: null, default));
        }

        Assert.Equal(2, collected.Sum(result => result.PointsRemoved));
        Assert.True(collected.Sum(result => result.FreedBytes) > 100_000);
        Assert.True((await new VerifyPipeline(chunks, new VerifyOptions(), new RestoreCounters()).RunAsync(default)).IsSound);
        RestorePoint last = Assert.Single(await repository.ListPointsAsync(default));
        Assert.Equal(GoldenDisk.SystemLater, await RestoreAsync(chunks, last.GetDisk("system")));
        Assert.Equal(GoldenDisk.Data, await RestoreAsync(chunks, last.GetDisk("data")));
    }

    [Theory]
    [InlineData("repository-v1", true)]
    [InlineData("repository-v1-clear", false)]
    [InlineData("repository-v1b", true)]
    [InlineData("repository-v1b-clear", false)]
    public async Task Todays_program_goes_on_with_a_repository_of_version_1(string name, bool isEncrypted)
    {
        using TemporaryDirectory copy = Copy(name);
        await using Repository repository = await GoldenRepositoryWriter.OpenAsync(copy.Path, isEncrypted);
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(repository, index);
        var pipeline = new BackupPipeline(chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System);
        await using var disk = new MemoryDisk(GoldenDisk.System);
        RestorePoint third = await pipeline.RunAsync(
            new BackupRequest { Machine = "machine", Disks = [new BackupDisk("system", disk)] }, default);
        Assert.Equal(3, third.Sequence);

        // All of it has been there since the first: ids are made as they were then.
        Assert.Equal(0, third.Disks[0].NewBytes);
        await using var ledger = new MemoryReferenceLedger();
        await new GarbageCollector(chunks, ledger, new CollectOptions { RewriteBelow = 1 }).RunAsync(progress: null, default);
        await new GarbageCollector(chunks, ledger, new CollectOptions()).RunAsync(progress: null, default);
        Assert.True((await new VerifyPipeline(chunks, new VerifyOptions(), new RestoreCounters()).RunAsync(default)).IsSound);
        foreach ((RestorePoint point, byte[] content) in (await repository.ListPointsAsync(default))
            .Zip([GoldenDisk.System, GoldenDisk.SystemLater, GoldenDisk.System]))
        {
            Assert.Equal(content, await RestoreAsync(chunks, point.GetDisk("system")));
        }
    }

    private static async Task<byte[]> RestoreAsync(ChunkStore chunks, RestorePointDisk disk)
    {
        await using var target = new MemoryDisk(new byte[disk.SizeBytes]);
        await new RestorePipeline(chunks, new RestoreOptions(), new RestoreCounters()).RunAsync(disk, target, differential: false, default);
        return target.Content;
    }

    private static string Source(string name) => Path.Join(AppContext.BaseDirectory, "golden", name);

    /// <summary>A copy, since opening a store in a directory tidies it, and since nothing may ever touch the original.</summary>
    private static TemporaryDirectory Copy(string name)
    {
        var copy = new TemporaryDirectory();
        foreach (string file in FilesOf(Source(name)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(copy[file])!);
            File.Copy(Path.Join(Source(name), file), copy[file]);
        }

        return copy;
    }

    private static List<string> FilesOf(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal)];
}
