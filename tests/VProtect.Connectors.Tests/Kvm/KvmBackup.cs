using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>A backup as the product makes it: what a restore point would hold, and what the next one is told of it.</summary>
internal sealed class KvmBackup
{
    /// <summary>All bytes, by disk: the parent's with the delta laid over, or everything.</summary>
    public Dictionary<string, byte[]> Images { get; } = [];

    public Dictionary<string, ParentDisk> Parents { get; } = [];

    /// <summary>What was answered to the question for changes, by disk; none without a parent.</summary>
    public Dictionary<string, ChangedBlocks> Answers { get; } = [];

    public IReadOnlyList<string> Warnings { get; private set; } = [];

    public bool IsDelta => Answers.Count > 0 && Answers.Values.All(answer => answer is ChangedBlocks.Delta);

    /// <summary>Bytes that the deltas have to be read.</summary>
    public long ChangedBytes => Answers.Values.OfType<ChangedBlocks.Delta>().SelectMany(delta => delta.Extents)
        .Where(extent => extent.Kind == ExtentKind.Data).Sum(extent => extent.LengthBytes);

    public static BackupOpening Opening(
        string uuid, KvmBackup? parent = null, string destination = "first", QuiesceMode quiesce = QuiesceMode.No, string? task = null) =>
        new(task ?? Guid.NewGuid().ToString(), uuid, new HashSet<string>(), quiesce, parent?.Parents ?? []) { Destination = destination };

    public static async Task<KvmBackup> MakeAsync(
        KvmConformancePlatform platform, string uuid, KvmBackup? parent = null, string destination = "first", QuiesceMode quiesce = QuiesceMode.No,
        ConnectorEndpoint? endpoint = null)
    {
        await using IConnector connector = platform.Factory.Open(endpoint ?? platform.Endpoint);
        IBackupAccess access = await connector.OpenBackupAsync(Opening(uuid, parent, destination, quiesce), CancellationToken.None);
        KvmBackup backup;
        await using (access)
        {
            backup = await ReadAsync(platform, access, parent);
            await access.CommittedAsync(CancellationToken.None);
        }

        backup.Warnings = access.Warnings;
        return backup;
    }

    public static async Task<KvmBackup> ReadAsync(KvmConformancePlatform platform, IBackupAccess access, KvmBackup? parent)
    {
        var backup = new KvmBackup();
        foreach (BackupAccessDisk disk in access.Disks)
        {
            await using IBlockSource source = await platform.OpenSourceAsync(disk.Endpoint, CancellationToken.None);
            byte[] image = new byte[source.SizeBytes!.Value];
            IReadOnlyList<Extent> extents = [new Extent(0, image.Length, ExtentKind.Data)];
            if (parent?.Parents.GetValueOrDefault(disk.Id) is { } before)
            {
                ChangedBlocks answer = await source.GetChangedBlocksAsync(before, CancellationToken.None);
                backup.Answers.Add(disk.Id, answer);
                if (answer is ChangedBlocks.Delta delta)
                {
                    parent.Images[disk.Id].CopyTo(image, 0);
                    extents = delta.Extents;
                }
            }

            foreach (Extent extent in extents)
            {
                Memory<byte> range = image.AsMemory((int)extent.OffsetBytes, (int)extent.LengthBytes);
                if (extent.Kind == ExtentKind.Zero)
                {
                    range.Span.Clear();
                }
                else
                {
                    await source.ReadAsync(extent.OffsetBytes, range, CancellationToken.None);
                }
            }

            backup.Images.Add(disk.Id, image);
            backup.Parents.Add(disk.Id, new ParentDisk("point", image.Length, source.NextToken));
        }

        return backup;
    }
}
