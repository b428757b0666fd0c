using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Tests.Pipelines;

/// <summary>
/// Property: whatever a disk holds and however it changes, each restore point gives back the bytes of its moment, through a
/// fresh index and by full, delta, compare and stream alike. Random disks and changes against an in-memory model.
/// </summary>
public sealed class BackupAndRestoreTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public async Task Every_restore_point_gives_back_its_moment(int seed, bool encrypt)
    {
        var random = new Random(seed);
        var store = new MemoryStore();
        Secret secret = Secret.FromText("correct horse");
        var options = new RepositoryOptions { ChunkBytes = 16 << 10, PackBytes = 4 << 20, Encrypt = encrypt };
        await Repository.InitAsync(store, options, [secret], TimeProvider.System, default);
        await using Repository repository = await Repository.OpenAsync(store, secret, TimeProvider.System, default);
        await using var index = new MemoryChunkIndex();
        using var chunks = new ChunkStore(repository, index);

        var content = RandomDisk.Create(random, random.Next(1, 4 << 20));
        var moments = new List<(RestorePoint Point, byte[] Content)>();
        for (int round = 0; round < 6; round++)
        {
            bool delta = random.Next(2) == 0;
            List<Extent> changes = round == 0 ? [] : RandomDisk.Change(random, content);
            await using var disk = new MemoryDisk([.. content])
            {
                Changes = delta ? changes : null,
                Extents = random.Next(2) == 0 ? RandomDisk.Describe(content, random) : null,
                IsSequential = !delta && random.Next(3) == 0,
            };
            var pipeline = new BackupPipeline(chunks, new BackupOptions { BufferBytes = 8 << 20 }, new BackupCounters(), TimeProvider.System);
            var request = new BackupRequest { Machine = "vm", Disks = [new BackupDisk("disk0", disk)] };
            RestorePoint point = await pipeline.RunAsync(request, default);
            Assert.Equal(round + 1, point.Sequence);
            moments.Add((point, [.. content]));
        }

        // An empty machine: a new index, learned from the packs alone.
        await using var rebuilt = new MemoryChunkIndex();
        using var again = new ChunkStore(repository, rebuilt);
        await IndexSync.SynchronizeAsync(repository, rebuilt, null, default);
        foreach ((RestorePoint point, byte[] expected) in moments)
        {
            foreach (bool sequential in new[] { false, true })
            {
                await using var target = new MemoryDisk(new byte[sequential ? 0 : expected.Length]) { IsSequential = sequential };
                await Restore(again, point, target, differential: false);
                Assert.True(target.Content.AsSpan().SequenceEqual(expected), $"seed {seed}, point {point.Sequence}, sequential {sequential}");
            }
        }

        // Differential: from one moment to another, writing no more than what differs.
        (RestorePoint last, byte[] lastContent) = moments[^1];
        await using var existing = new MemoryDisk([.. moments[0].Content]) { IsZeroed = false };
        await Restore(again, last, existing, differential: true);
        Assert.True(existing.Content.AsSpan().SequenceEqual(lastContent));
        Assert.True(existing.WrittenBytes <= RandomDisk.DifferingBytes(moments[0].Content, lastContent, options.ChunkBytes));
    }

    private static Task Restore(ChunkStore chunks, RestorePoint point, MemoryDisk target, bool differential) =>
        new RestorePipeline(chunks, new RestoreOptions(), new RestoreCounters()).RunAsync(point.Disks[0], target, differential, default);
}
