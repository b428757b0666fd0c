using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm.Rbd;

/// <summary>
/// What changed on disks in Ceph clusters, by snapshots of their images.
/// <code>
///          before ──► the instant ──► after
/// kept:    snapshot N                 (a snapshot that goes at once, while the machine runs)
/// changes: snapshot N-1 ───────────────► after
/// </code>
/// A running machine's bytes are read through QEMU as of its backup's instant, which no snapshot can hit. So one is made just before it, for the next backup to count
/// from, and one just after it, to count to: together they tell a little more than what changed, never less. The one after makes QEMU write down what its cache holds,
/// which it does as the holder of the image's exclusive lock; images without that feature are read whole. Of a machine that is off the snapshot is the instant itself.
/// <para>In any doubt the disk is read whole, with the reason; nothing here fails a backup of a running machine.</para>
/// </summary>
internal sealed class RbdRecords
{
    private const string ExclusiveLock = "exclusive-lock";

    private readonly string _mark;
    private readonly List<Record> _records = [];

    private RbdRecords(string mark) => _mark = mark;

    /// <summary>The records of a machine's disks in Ceph; of others there are none.</summary>
    internal static async Task<RbdRecords> BeginAsync(
        KvmPlatform platform, BackupOpening opening, IReadOnlyList<PlannedDisk> disks, bool isOff, CancellationToken cancellationToken)
    {
        var records = new RbdRecords(TaskMark.Of(opening.TaskGuid));
        try
        {
            foreach (PlannedDisk disk in disks)
            {
                if (RbdImage.TryRead(disk.Disk) is not { } image)
                {
                    continue;
                }

                var record = new Record(disk.Disk.Target, await RbdTool.OpenAsync(platform, image, cancellationToken));
                records._records.Add(record);
                try
                {
                    await BeginAsync(record, opening, isOff, cancellationToken);
                }
                catch (VProtectException exception) when (!isOff)
                {
                    record.ReadWhole($"its image gives no record of changes: {exception.Message}");
                }
            }

            return records;
        }
        catch
        {
            await records.EndAsync();
            throw;
        }
    }

    /// <summary>The record of a disk; null when it is not in a cluster.</summary>
    internal Record? Find(string target) => _records.FirstOrDefault(record => record.Target == target);

    /// <summary>After the instant: looks what changed up to it.</summary>
    internal async Task CloseAsync(bool isOff, CancellationToken cancellationToken)
    {
        foreach (Record record in _records.Where(record => record.Since is not null))
        {
            try
            {
                record.Changed = isOff ? await record.Tool.DiffAsync(record.Since!, record.Snapshot!, cancellationToken) : await CountToNowAsync(record, cancellationToken);
            }
            catch (VProtectException exception)
            {
                record.ReadWhole($"its image gives no record of changes: {exception.Message}");
            }
        }
    }

    /// <summary>The restore point is there: older records of its lineage are not asked for any more.</summary>
    /// <returns>What could not be removed, a sentence each.</returns>
    internal async Task<IReadOnlyList<string>> CommittedAsync()
    {
        var faults = new List<string>();
        foreach (Record record in _records.Where(record => record.Snapshot is not null))
        {
            CheckpointName kept = CheckpointName.TryParse(record.Snapshot!)!;
            record.IsCommitted = true;
            faults.AddRange(await RemoveAsync(record.Tool, name => CheckpointName.TryParse(name) is { } known && known.Lineage == kept.Lineage && known != kept));
        }

        return faults;
    }

    /// <summary>The access is closed: what it made goes, unless the restore point is there.</summary>
    /// <returns>What could not be removed, a sentence each.</returns>
    internal async Task<IReadOnlyList<string>> EndAsync()
    {
        var faults = new List<string>();
        foreach (Record record in _records)
        {
            string? made = record.IsCommitted ? null : record.Snapshot;
            if (made is not null || record.MadeAfter)
            {
                faults.AddRange(await RemoveAsync(record.Tool, name => name == made || name == _mark));
                record.Snapshot = record.IsCommitted ? record.Snapshot : null;
                record.MadeAfter = false;
            }
        }

        return faults;
    }

    /// <summary>Removes snapshots that killed tasks made to count to.</summary>
    /// <param name="tool">Of the image.</param>
    /// <param name="isDead">Whether a mark's task is over.</param>
    /// <returns>Sentences of what was done.</returns>
    internal static async Task<IReadOnlyList<string>> CleanUpAsync(RbdTool tool, Func<string, bool> isDead)
    {
        var done = new List<string>();
        IReadOnlyList<string> faults = await RemoveAsync(tool, name =>
        {
            bool goes = name.StartsWith(TaskMark.Prefix, StringComparison.Ordinal) && CheckpointName.TryParse(name) is null && isDead(name);
            if (goes)
            {
                done.Add($"Removed snapshot {name} of {tool.Image.Name}.");
            }

            return goes;
        });
        return [.. done, .. faults];
    }

    private static async Task BeginAsync(Record record, BackupOpening opening, bool isOff, CancellationToken cancellationToken)
    {
        RbdInfo info = await record.Tool.ReadInfoAsync(cancellationToken);
        record.SizeBytes = info.SizeBytes;
        if (!isOff && !info.Features.Contains(ExclusiveLock))
        {
            record.ReadWhole($"image {record.Tool.Image.Name} has not the feature {ExclusiveLock}, without which QEMU's cache cannot be accounted for ('rbd feature enable')");
            return;
        }

        IReadOnlyList<RbdSnapshot> snapshots = await record.Tool.ListSnapshotsAsync(cancellationToken);
        RbdToken? token = null;
        if (opening.Parents.TryGetValue(record.Target, out ParentDisk? parent))
        {
            token = parent.Token is null ? null : RbdToken.TryRead(parent.Token);
            if (FindDoubt(parent, token, record, snapshots) is { } doubt)
            {
                record.ReadWhole(doubt);
            }
            else
            {
                (record.Since, record.SinceText) = (token!.Snapshot, parent.Token);
            }
        }

        CheckpointName? before = token is null ? null : CheckpointName.TryParse(token.Snapshot);
        string lineage = opening.Destination.Length == 0 && before is not null ? before.Lineage : CheckpointName.LineageOf(opening.Destination);
        int newest = snapshots.Select(snapshot => CheckpointName.TryParse(snapshot.Name)).Append(before)
            .Where(name => name?.Lineage == lineage).Select(name => name!.Generation).DefaultIfEmpty(0).Max();
        string next = new CheckpointName(lineage, newest + 1).ToString();

        // Noted first: whatever comes of it, it is looked for at the end.
        record.Snapshot = next;
        await record.Tool.CreateSnapshotAsync(next, cancellationToken);
    }

    private static string? FindDoubt(ParentDisk parent, RbdToken? token, Record record, IReadOnlyList<RbdSnapshot> snapshots) =>
        token is null ? $"no record of changes began with restore point {parent.RestorePoint}"
        : token.Image != record.Tool.Image.Name ? $"the disk was image {token.Image} in restore point {parent.RestorePoint}, and is {record.Tool.Image.Name} now"
        : token.SizeBytes != record.SizeBytes || parent.SizeBytes != record.SizeBytes ? $"the disk has {record.SizeBytes} bytes and had {parent.SizeBytes} in restore point {parent.RestorePoint}"
        : snapshots.All(snapshot => snapshot.Name != token.Snapshot) ? $"snapshot {token.Snapshot} of {token.Image} is gone"
        : null;

    private async Task<IReadOnlyList<Extent>> CountToNowAsync(Record record, CancellationToken cancellationToken)
    {
        record.MadeAfter = true;
        await record.Tool.CreateSnapshotAsync(_mark, cancellationToken);
        IReadOnlyList<Extent> changed = await record.Tool.DiffAsync(record.Since!, _mark, cancellationToken);
        await record.Tool.RemoveSnapshotAsync(_mark, cancellationToken);
        record.MadeAfter = false;
        return changed;
    }

    private static async Task<IReadOnlyList<string>> RemoveAsync(RbdTool tool, Func<string, bool> choose)
    {
        var faults = new List<string>();
        try
        {
            foreach (RbdSnapshot snapshot in (await tool.ListSnapshotsAsync(CancellationToken.None)).Where(snapshot => choose(snapshot.Name)))
            {
                await tool.RemoveSnapshotAsync(snapshot.Name, CancellationToken.None);
            }
        }
        catch (VProtectException exception)
        {
            faults.Add($"Snapshots of {tool.Image.Name} could not be removed: {exception.Message}");
        }

        return faults;
    }

    /// <summary>A disk's.</summary>
    internal sealed class Record(string target, RbdTool tool)
    {
        internal string Target { get; } = target;

        internal RbdTool Tool { get; } = tool;

        internal long SizeBytes { get; set; }

        /// <summary>The snapshot that the next backup counts from; null when none could be made.</summary>
        internal string? Snapshot { get; set; }

        /// <summary>The snapshot that this one counts from, and the token that named it; null when everything is read.</summary>
        internal string? Since { get; set; }

        internal string? SinceText { get; set; }

        /// <summary>Why everything is read although there is a parent.</summary>
        internal string? Reason { get; private set; }

        /// <summary>What changed; null when everything is read.</summary>
        internal IReadOnlyList<Extent>? Changed { get; set; }

        internal bool MadeAfter { get; set; }

        internal bool IsCommitted { get; set; }

        /// <summary>The token for the next backup.</summary>
        internal string? Next => Snapshot is null ? null : new RbdToken { Image = Tool.Image.Name, Snapshot = Snapshot, SizeBytes = SizeBytes }.Write();

        internal void ReadWhole(string reason) => (Since, SinceText, Changed, Reason) = (null, null, null, reason);
    }
}
