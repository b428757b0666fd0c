using System.Buffers.Binary;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Tests.Conformance;

public abstract partial class ConnectorConformance
{
    private const int WriteBytes = 4096;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Backup_has_the_bytes_of_its_instant_although_writes_go_on(bool isRunning)
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        if (!isRunning && !connector.Capabilities.OfflineBackup)
        {
            return;
        }

        string uuid = await platform.AddMachineAsync("vm", isRunning, diskCount: 2);
        Dictionary<string, byte[]> model = await FillAsync(platform, connector, uuid, new Random(1));
        await using (IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid), CancellationToken.None))
        {
            Assert.NotEmpty(access.Documents);
            Assert.InRange(access.Documents.Sum(document => document.Content.Length), 1, 16 << 20);
            foreach (string disk in model.Keys)
            {
                await platform.WriteAsync(uuid, disk, WriteBytes, new byte[3 * WriteBytes]);
                await platform.WriteAsync(uuid, disk, platform.DiskBytes - WriteBytes, new byte[WriteBytes]);
            }

            Assert.Equal(model.Keys, access.Disks.Select(disk => disk.Id));
            Dictionary<string, byte[]> images = await ReadAllAsync(platform, access);
            Assert.All(model, pair => Assert.Equal(pair.Value, images[pair.Key]));
            await access.CommittedAsync(CancellationToken.None);
        }

        Assert.Empty(await platform.LeftoversAsync());
    }

    /// <summary>
    /// Goal: all disks are at one instant. Method: number writes and do one after the other, alternating between disks and blocks, while the
    /// backup is opened; whatever the last number in the images is, every block must hold its last write up to it.
    /// </summary>
    [Fact]
    public async Task All_disks_of_a_machine_are_at_one_instant()
    {
        const int Blocks = 16;
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 2);
        string[] disks = [.. (await MachineAsync(connector, uuid)).Disks.Select(disk => disk.Id)];
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        Task writer = Task.Run(async () =>
        {
            byte[] block = new byte[WriteBytes];
            for (long number = 1; !stop.IsCancellationRequested; number++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(block, number);
                await platform.WriteAsync(uuid, disks[number % 2], number / 2 % Blocks * WriteBytes, block);
                _ = number > 5 && begun.TrySetResult();

                // Where one at a time may touch the platform, the backup is to have its turn.
                await Task.Delay(1);
            }
        });
        await Task.WhenAny(begun.Task, writer);
        Dictionary<string, byte[]> images;
        await using (IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid), CancellationToken.None))
        {
            images = await ReadAllAsync(platform, access);
        }

        await stop.CancelAsync();
        await writer;
        var found = new Dictionary<(long Disk, long Block), long>();
        for (int i = 0; i < 2 * Blocks; i++)
        {
            found[(i % 2, i / 2)] = BinaryPrimitives.ReadInt64LittleEndian(images[disks[i % 2]].AsSpan(i / 2 * WriteBytes));
        }

        var expected = new Dictionary<(long, long), long>();
        for (long number = 1; number <= found.Values.Max(); number++)
        {
            expected[(number % 2, number / 2 % Blocks)] = number;
        }

        Assert.All(found, pair => Assert.Equal(expected.GetValueOrDefault(pair.Key), pair.Value));
    }

    [Fact]
    public async Task Excluded_disks_are_left_out()
    {
        await using ConformancePlatform platform = await OpenPlatformAsync();
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        string uuid = await platform.AddMachineAsync("vm", isRunning: true, diskCount: 3);
        string[] disks = [.. (await MachineAsync(connector, uuid)).Disks.Select(disk => disk.Id)];
        BackupOpening opening = Opening(uuid) with { ExcludedDisks = new HashSet<string> { disks[1] } };
        await using (IBackupAccess access = await connector.OpenBackupAsync(opening, CancellationToken.None))
        {
            Assert.Equal([disks[0], disks[2]], access.Disks.Select(disk => disk.Id));
            await access.CommittedAsync(CancellationToken.None);
        }

        Assert.Empty(await platform.LeftoversAsync());
    }

    /// <summary>Reads every disk as its extents tell.</summary>
    private static async Task<Dictionary<string, byte[]>> ReadAllAsync(ConformancePlatform platform, IBackupAccess access)
    {
        var images = new Dictionary<string, byte[]>();
        foreach (BackupAccessDisk disk in access.Disks)
        {
            await using IBlockSource source = await platform.OpenSourceAsync(disk.Endpoint, CancellationToken.None);
            Assert.Equal(platform.DiskBytes, source.SizeBytes);
            byte[] image = new byte[platform.DiskBytes];
            long end = 0;
            await foreach (Extent extent in source.GetExtentsAsync(CancellationToken.None))
            {
                Assert.Equal(end, extent.OffsetBytes);
                end = extent.EndBytes;
                await ReadExtentAsync(source, extent, image);
            }

            Assert.Equal(platform.DiskBytes, end);
            images.Add(disk.Id, image);
        }

        return images;
    }

    private static async Task ReadExtentAsync(IBlockSource source, Extent extent, byte[] image)
    {
        Memory<byte> range = image.AsMemory((int)extent.OffsetBytes, (int)extent.LengthBytes);
        if (extent.Kind == ExtentKind.Zero)
        {
            range.Span.Clear();
            return;
        }

        for (int done = 0; done < range.Length; done += 1 << 20)
        {
            Memory<byte> part = range[done..Math.Min(range.Length, done + (1 << 20))];
            Assert.Equal(part.Length, await source.ReadAsync(extent.OffsetBytes + done, part, CancellationToken.None));
        }
    }
}
