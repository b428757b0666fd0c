using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store;
using VProtect.Mover.Store.Manifests;
using VProtect.Mover.Store.Records;
using VProtect.Mover.Upkeep;

namespace VProtect.Mover.Tests.Upkeep;

public sealed class CheckPipelineTests
{
    [Fact]
    public async Task A_sound_repository_is_sound_and_shared_nodes_are_read_once()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(1, 5 << 20);
        for (int i = 0; i < 10; i++)
        {
            content[i * 1000] ^= 1;
            await repository.BackUpAsync(content, $"vm{i}");
        }

        CheckResult result = await repository.CheckAsync();
        Assert.True(result.IsSound);
        Assert.Empty(result.Leftovers);
        Assert.Equal(10, result.RestorePoints);

        // 5 MiB are two leaves; the second, which reaches over no end, is shared, the first and the root are new each time. Two walk at once.
        Assert.InRange(result.Nodes, 21, 30);
        Assert.Equal((await repository.KeysAsync("packs/")).Count, result.Packs);
    }

    [Fact]
    public async Task A_lost_or_cut_pack_is_named_with_the_bytes_of_each_disk_that_go_with_it()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        byte[] content = Noise(2, (1 << 20) + 5000);
        RestorePoint whole = await repository.BackUpAsync(content, "whole");
        RestorePoint other = await repository.BackUpAsync(Noise(3, 200_000), "other");
        byte[] grown = [.. content[..(TestRepository.ChunkBytes * 3)], .. Noise(4, 100_000)];
        RestorePoint part = await repository.BackUpAsync(grown, "part");
        string pack = await repository.LargestPackAsync();
        byte[] original = await repository.BytesAsync(pack);
        foreach (bool isCut in new[] { true, false })
        {
            // One process knows everything from before the damage, the other learns it after.
            foreach (bool isCold in new[] { false, true })
            {
                await using TestRepository process = await repository.OpenAgainAsync();
                if (!isCold)
                {
                    Assert.True((await process.CheckAsync()).IsSound);
                }

                await repository.TamperAsync(pack, _ => original[..^1]);
                if (!isCut)
                {
                    await repository.Store.DeleteAsync(pack, default);
                }

                CheckResult result = await process.CheckAsync();
                await repository.Store.PutIfAbsentAsync(pack, original, default);
                await repository.TamperAsync(pack, _ => original);
                Assert.True(result.HasDamage);
                Assert.Equal([part.Id, whole.Id], result.Affected.Select(point => point.Id));
                Assert.Equal([new ByteRange(0, TestRepository.ChunkBytes * 3)], result.Affected[0].Ranges);
                Assert.Equal([new ByteRange(0, content.Length)], result.Affected[1].Ranges);
                Assert.Equal(content.Length, result.Affected[1].DamagedBytes);
                Assert.Equal(isCut, result.Leftovers.Any(leftover => leftover.Kind == LeftoverKind.UnusablePack));
                Assert.NotEqual(other.Id, part.Id);
            }
        }
    }

    [Fact]
    public async Task What_lies_about_is_named_with_what_to_do()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        await repository.BackUpAsync(Noise(5, 100_000));
        async Task Put(string key, EnvelopeKind kind, string json) =>
            await repository.Store.PutIfAbsentAsync(key, Envelope.Clear(kind, Encoding.UTF8.GetBytes(json)), default);
        string id = new('a', 32);
        await repository.Store.PutIfAbsentAsync("lost.found/1", new byte[3], default);
        await Put($"forgotten/{id}", EnvelopeKind.Forgotten, "{\"at\":\"2026-11-22T00:00:00Z\"}");
        await Put($"points/{new string('b', 32)}", EnvelopeKind.AbortedPoint, $"{{\"lease\":\"{id}\"}}");
        await Put($"bad/{id}-0123456789abcdef", EnvelopeKind.BadChunks, $"{{\"pack\":\"{id}\",\"chunks\":[]}}");
        string lease = $"{{\"lease\":\"{id}\",\"point\":null,\"pins\":[],\"generation\":0,\"host\":\"HOST\",\"boot\":\"x\",\"process\":1,\"started\":\"1\",\"machine\":\"MACHINE\"}}";
        await Put($"leases/{id}", EnvelopeKind.Lease, lease.Replace("HOST", WriterProcess.Host, StringComparison.Ordinal).Replace("MACHINE", WriterProcess.Machine, StringComparison.Ordinal));
        await Put($"leases/{new string('c', 32)}", EnvelopeKind.Lease, lease.Replace(id, new string('c', 32), StringComparison.Ordinal));

        CheckResult result = await repository.CheckAsync();
        Assert.True(result.IsSound);
        Assert.Equal(
            [
                LeftoverKind.UnknownObject, LeftoverKind.StaleLease, LeftoverKind.AbortedPoint, LeftoverKind.MarkOfNothing,
                LeftoverKind.BadMarkOfNothing, LeftoverKind.ForeignLease,
            ],
            result.Leftovers.Select(leftover => leftover.Kind).OrderBy(kind => (int)kind));
        Assert.All(result.Leftovers, leftover => Assert.NotEmpty(leftover.Advice));
    }

    /// <summary>Goal: what a restore refuses, a check and a verification name. Method: forge trees, which only a holder of the keys can.</summary>
    [Theory]
    [InlineData(16, 0, "beyond its end")]
    [InlineData(600, 0, "beyond its end")]
    [InlineData(0, 1, "16384 bytes where a disk needs")]
    [InlineData(2, 0, "16384 bytes where a disk needs 100")]
    [InlineData(1, 3, "bytes where a disk needs 16384")]
    public async Task A_tree_that_does_not_fit_its_disk_is_damage(int slot, int forgery, string fault)
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        byte[] content = Noise(6, 40_000);
        RestorePoint donor = await repository.BackUpAsync(content, "donor");
        var slots = new ChunkId[TreeNode.Slots];
        await ((INodeReader)repository.Chunks).ReadNodeAsync(donor.Disks[0].Root, 0, slots, default);
        ChunkId full = slots[0];
        ChunkId shorter = slots[2];

        // A leaf with one chunk in one slot; the disk then is made to fit it or not.
        var forged = new ChunkId[TreeNode.Slots];
        bool isInner = slot >= TreeNode.Slots;
        forged[slot % TreeNode.Slots] = forgery == 3 ? shorter : full;
        ChunkId root = await StoreAsync(repository, 0, forged);
        if (isInner)
        {
            var inner = new ChunkId[TreeNode.Slots];
            inner[slot / TreeNode.Slots] = root;
            root = await StoreAsync(repository, 1, inner);
        }

        long size = isInner ? 300L * TestRepository.ChunkBytes
            : forgery == 1 ? 5000
            : (2L * TestRepository.ChunkBytes) + 100;
        RestorePointDisk disk = donor.Disks[0] with { Root = root, SizeBytes = size };
        string id = new('d', 32);
        await repository.Repository.CommitPointAsync(
            new PointRecord(id, "forged", 1, null, "2026-11-22T00:00:00Z", 0, "test", null, [disk.ToRecord()]), default);

        RestorePoint point = (await repository.Repository.ReadPointAsync(id, default))!;
        await Assert.ThrowsAsync<IntegrityException>(() => repository.RestoreAsync(point));
        CheckResult check = await repository.CheckAsync();
        Assert.Equal(id, Assert.Single(check.Affected).Id);
        Assert.Contains(fault, Assert.Single(check.Faults), StringComparison.Ordinal);
        Assert.Equal(id, Assert.Single((await repository.VerifyAsync()).Affected).Id);
    }

    private static async Task<ChunkId> StoreAsync(TestRepository repository, int level, ChunkId[] slots)
    {
        byte[] node = new byte[TreeNode.BytesMax];
        int length = TreeNode.Encode(level, slots, node);
        await using var sink = new PackSink(repository.Chunks, generation: 0, new HashSet<PackId>(), new StageClock());
        ChunkId id = await sink.WriteNodeAsync(node.AsMemory(0, length), default);
        await sink.CompleteAsync(default);
        return id;
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }
}
