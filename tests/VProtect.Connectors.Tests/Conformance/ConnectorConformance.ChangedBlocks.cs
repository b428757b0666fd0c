using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Tests.Conformance;

public abstract partial class ConnectorConformance
{
    /// <summary>
    /// Goal: a delta holds every change. Method: random writes before and during backups; what the delta says laid over the image of the
    /// parent must be the disk. Some backups are not committed: the next builds upon the same parent again.
    /// </summary>
    [Fact]
    public async Task Delta_covers_all_changes_since_its_parent_committed_or_not()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 2);
        var random = new Random(2);
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, random);
        var parent = new Generation();
        for (int round = 0; round < platform.Rounds; round++)
        {
            bool isCommitted = round is 0 or 1 || random.Next(3) > 0;
            await WriteRandomlyAsync(platform, uuid, model, random);
            var expected = model.ToDictionary(pair => pair.Key, pair => (byte[])pair.Value.Clone());
            await using IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid, parents: parent.Disks), CancellationToken.None);
            await WriteRandomlyAsync(platform, uuid, model, random);
            Generation next = await ReadChangesAsync(platform, access, parent, mustBeDelta: round > 0 && connector.Capabilities.ChangedBlocks);
            Assert.All(expected, pair => Assert.Equal(pair.Value, next.Images[pair.Key]));
            if (isCommitted)
            {
                await access.CommittedAsync(CancellationToken.None);
                parent = next;
            }
        }

        Assert.Empty(await platform.LeftoversAsync());
    }

    [Fact]
    public async Task Token_that_is_not_the_parents_means_reading_everything_and_says_why()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 1);
        string other = await platform.AddMachineAsync("other", isRunning: true, diskCount: 1);
        Generation mine = await BackUpAsync(platform, connector, uuid, new Generation());
        Generation others = await BackUpAsync(platform, connector, other, new Generation());
        (string disk, ParentDisk known) = mine.Disks.Single();
        foreach (ParentDisk parent in new[]
        {
            known with { Token = null },
            known with { Token = "" },
            known with { Token = "no token of anybody" },
            known with { Token = others.Disks.Single().Value.Token },
            known with { SizeBytes = known.SizeBytes - (1 << 20) },
        })
        {
            var parents = new Dictionary<string, ParentDisk> { [disk] = parent };
            await using IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid, parents: parents), CancellationToken.None);
            await using IBlockSource source = await platform.OpenSourceAsync(access.Disks.Single().Endpoint, CancellationToken.None);
            ChangedBlocks answer = await source.GetChangedBlocksAsync(parent, CancellationToken.None);
            Assert.False(string.IsNullOrWhiteSpace(Assert.IsType<ChangedBlocks.MustFull>(answer).Reason));
        }

        Assert.Empty(await platform.LeftoversAsync());
    }

    /// <summary>Asked for changes since a point before the last, a connector may have forgotten them, but it may not lie.</summary>
    [Fact]
    public async Task Older_generations_are_told_truly_or_not_at_all()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 1);
        var random = new Random(3);
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, random);
        Generation first = await BackUpAsync(platform, connector, uuid, new Generation());
        await WriteRandomlyAsync(platform, uuid, model, random);
        Generation second = await BackUpAsync(platform, connector, uuid, first);
        await WriteRandomlyAsync(platform, uuid, model, random);
        _ = await BackUpAsync(platform, connector, uuid, second);
        await WriteRandomlyAsync(platform, uuid, model, random);
        await using IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid, parents: first.Disks), CancellationToken.None);
        Generation told = await ReadChangesAsync(platform, access, first, mustBeDelta: false);
        Assert.All(model, pair => Assert.Equal(pair.Value, told.Images[pair.Key]));
    }

    private static async Task<Generation> BackUpAsync(ConformancePlatform platform, IConnector connector, string uuid, Generation parent)
    {
        await using IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid, parents: parent.Disks), CancellationToken.None);
        Generation next = await ReadChangesAsync(platform, access, parent, mustBeDelta: false);
        await access.CommittedAsync(CancellationToken.None);
        return next;
    }

    /// <summary>The image of the parent with the changes laid over it, or everything where no delta is told.</summary>
    private static async Task<Generation> ReadChangesAsync(ConformancePlatform platform, IBackupAccess access, Generation parent, bool mustBeDelta)
    {
        var next = new Generation();
        Dictionary<string, byte[]> images = await ReadAllAsync(platform, access);
        foreach (BackupAccessDisk disk in access.Disks)
        {
            await using IBlockSource source = await platform.OpenSourceAsync(disk.Endpoint, CancellationToken.None);
            byte[] image = images[disk.Id];
            if (parent.Disks.TryGetValue(disk.Id, out ParentDisk? before))
            {
                ChangedBlocks answer = await source.GetChangedBlocksAsync(before, CancellationToken.None);
                Assert.True(!mustBeDelta || answer is ChangedBlocks.Delta, (answer as ChangedBlocks.MustFull)?.Reason);
                image = answer is ChangedBlocks.Delta delta ? await OverlayAsync(source, parent.Images[disk.Id], delta.Extents) : image;
            }

            next.Images.Add(disk.Id, image);
            next.Disks.Add(disk.Id, new ParentDisk("point", platform.DiskBytes, source.NextToken));
        }

        return next;
    }

    private static async Task<byte[]> OverlayAsync(IBlockSource source, byte[] parent, IReadOnlyList<Extent> extents)
    {
        byte[] image = (byte[])parent.Clone();
        long end = 0;
        foreach (Extent extent in extents)
        {
            Assert.True(extent.OffsetBytes >= end && extent.LengthBytes > 0 && extent.EndBytes <= image.Length, extent.ToString());
            end = extent.EndBytes;
            await ReadExtentAsync(source, extent, image);
        }

        return image;
    }

    private static async Task WriteRandomlyAsync(ConformancePlatform platform, string uuid, Dictionary<string, byte[]> model, Random random)
    {
        foreach ((string disk, byte[] content) in model)
        {
            for (int write = random.Next(4); write >= 0; write--)
            {
                int length = random.Next(1, 300) * 512;
                int offset = random.Next((content.Length - length) / 512) * 512;
                byte[] bytes = new byte[length];
                if (random.Next(4) > 0)
                {
                    random.NextBytes(bytes);
                }

                bytes.CopyTo(content, offset);
                await platform.WriteAsync(uuid, disk, offset, bytes);
            }
        }
    }

    /// <summary>What a restore point keeps of a backup.</summary>
    private sealed class Generation
    {
        public Dictionary<string, ParentDisk> Disks { get; } = [];

        public Dictionary<string, byte[]> Images { get; } = [];
    }
}
