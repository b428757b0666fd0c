using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// The disks of a machine that is off, read from their images. QEMU wrote its dirty bitmaps into them when the machine ended, so changes can be told as well; but no
/// new checkpoint can begin, so the next backup asks for changes since the same one, which are more than it needs and never less.
/// QEMU's lock is held on every image: until the access is closed the machine cannot be started, rather than be backed up torn.
/// </summary>
internal sealed class StoppedBackup : IBackupAccess
{
    private readonly KvmPlatform _platform;
    private readonly BackupOpening _opening;
    private readonly string _mark;
    private readonly WarningList _warnings = new();
    private readonly List<ImageServer> _servers = [];
    private readonly List<BackupAccessDisk> _disks = [];
    private RbdRecords? _rbd;

    private StoppedBackup(KvmPlatform platform, BackupOpening opening)
    {
        _platform = platform;
        _opening = opening;
        _mark = TaskMark.Of(opening.TaskGuid);
    }

    public IReadOnlyList<MachineDocument> Documents { get; private set; } = [];

    public IReadOnlyList<BackupAccessDisk> Disks => _disks;

    public IReadOnlyList<string> Warnings => _warnings.Items;

    internal static async Task<StoppedBackup> OpenAsync(
        KvmPlatform platform, BackupOpening opening, DomainDefinition definition, CancellationToken cancellationToken)
    {
        var backup = new StoppedBackup(platform, opening);
        try
        {
            await backup.OpenAsync(definition, cancellationToken);
            return backup;
        }
        catch
        {
            await backup.DisposeAsync();
            throw;
        }
    }

    /// <summary>Of images on the host nothing was made that an older restore point's record could be replaced by; of those in Ceph clusters a snapshot was.</summary>
    public async Task CommittedAsync(CancellationToken cancellationToken)
    {
        foreach (string left in _rbd is null ? [] : await _rbd.CommittedAsync())
        {
            _warnings.Add(left);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ImageServer server in _servers)
        {
            await server.DisposeAsync();
        }

        _servers.Clear();
        foreach (string left in _rbd is null ? [] : await _rbd.EndAsync())
        {
            _warnings.Add(left);
        }
    }

    private async Task OpenAsync(DomainDefinition definition, CancellationToken cancellationToken)
    {
        (IReadOnlyList<PlannedDisk> disks, List<string> directories, string xml) = await _platform.Session.ReadAsync("Looking at the machine's disks", api =>
        {
            using DomainHandle domain = api.LookupDomain(_opening.MachineUuid);
            List<string> pools = [.. InventoryReader.ReadPools(api).Select(pool => pool.Path).OfType<string>()];
            return (
                Kvm.Disks.Choose(api, domain, definition, _opening.ExcludedDisks, isOff: true, _warnings),
                pools,
                LibvirtApi.GetXml(domain, Libvirt.DomainXmlInactive));
        }, cancellationToken);
        _rbd = await RbdRecords.BeginAsync(_platform, _opening, disks, isOff: true, cancellationToken);
        await _rbd.CloseAsync(isOff: true, cancellationToken);
        foreach (PlannedDisk disk in disks)
        {
            _disks.Add(_rbd.Find(disk.Disk.Target) is { } record ? await OpenAsync(disk, record, cancellationToken) : await OpenAsync(disk, directories, cancellationToken));
        }

        Documents = await Kvm.Documents.ReadAsync(_platform.Host, xml, _warnings, cancellationToken);
    }

    private async Task<BackupAccessDisk> OpenAsync(PlannedDisk disk, List<string> directories, CancellationToken cancellationToken)
    {
        string path = disk.Path!;
        string format = disk.Disk.Format;
        (bool hasBacking, string? fault) = await ImageInfo.CheckChainAsync(_platform.Host, path, format, directories, cancellationToken);
        if (fault is not null)
        {
            throw Errors.Of(
                ErrorCode.NotSupported,
                $"Disk {disk.Disk.Target} cannot be read while the machine is off: {fault}.",
                "Correct the image's chain with 'qemu-img rebase -u -F FORMAT', or back the machine up while it runs.");
        }

        // The bitmap of an image with a backing file tells only what changed since that one was frozen by a snapshot.
        IReadOnlyDictionary<string, bool> bitmaps = disk.Disk.CanRecordChanges && !hasBacking
            ? await Checkpoints.ListBitmapsAsync(_platform.Host, path, cancellationToken)
            : new Dictionary<string, bool>();
        CheckpointToken? since = FindSince(disk, bitmaps, out string? sinceText, out string? reason);
        if (reason is not null)
        {
            _warnings.Add($"Disk {disk.Disk.Target} is read whole and compared: {reason}.");
        }

        string? next = sinceText ?? FindRecord(disk, bitmaps)?.Write();
        string socket = $"{_platform.Options.SocketDirectory}/{_mark}-{disk.Disk.Target}.nbd";
        // QEMU lets others write a raw image that it only reads, so the server that holds the lock on one opens it for writing; nobody writes.
        string[] access = format == "raw" ? [] : ["--read-only"];
        string[] bitmap = since is null ? [] : ["--bitmap", since.Checkpoint];
        ImageServer server = await ImageServer.StartAsync(_platform.Host, socket, path, format, [.. access, .. bitmap], cancellationToken);
        _servers.Add(server);
        DiskEndpoint endpoint = format == "raw" && _platform.Host.IsLocal
            ? new DiskEndpoint.File(path, format)
            : new DiskEndpoint.Nbd(server.Address) { Bitmap = since?.Checkpoint, Since = sinceText, Next = next };
        return new BackupAccessDisk(disk.Disk.Target, disk.Disk.Name, endpoint);
    }

    private async Task<BackupAccessDisk> OpenAsync(PlannedDisk disk, RbdRecords.Record record, CancellationToken cancellationToken)
    {
        if (record.Reason is { } reason)
        {
            _warnings.Add($"Disk {disk.Disk.Target} is read whole and compared: {reason.TrimEnd('.')}.");
        }

        string socket = $"{_platform.Options.SocketDirectory}/{_mark}-{disk.Disk.Target}.nbd";
        ImageServer server = await ImageServer.StartAsync(_platform.Host, socket, record.Tool, record.Snapshot, ["--read-only"], cancellationToken);
        _servers.Add(server);
        return new BackupAccessDisk(
            disk.Disk.Target,
            disk.Disk.Name,
            new DiskEndpoint.Nbd(server.Address) { Changed = record.Changed, Since = record.SinceText, Next = record.Next });
    }

    private CheckpointToken? FindSince(PlannedDisk disk, IReadOnlyDictionary<string, bool> bitmaps, out string? text, out string? reason)
    {
        text = null;
        reason = null;
        if (!_opening.Parents.TryGetValue(disk.Disk.Target, out ParentDisk? parent))
        {
            return null;
        }

        PlannedDisk planned = ChangedBlocks.Plan(disk, parent);
        reason = planned.Reason;
        if (planned.Since is not { } token)
        {
            return null;
        }

        if (!bitmaps.TryGetValue(token.Checkpoint, out bool isWhole))
        {
            reason = $"the image has no record of changes '{token.Checkpoint}'";
            return null;
        }

        if (!isWhole)
        {
            reason = $"the record of changes '{token.Checkpoint}' was not closed, as after a crash of the host or of QEMU";
            return null;
        }

        text = planned.SinceText;
        return token;
    }

    /// <summary>A record of the same destination that goes on from here: what it holds already is more than changed since now, which does no harm.</summary>
    private CheckpointToken? FindRecord(PlannedDisk disk, IReadOnlyDictionary<string, bool> bitmaps)
    {
        if (_opening.Destination.Length == 0)
        {
            return null;
        }

        string lineage = CheckpointName.LineageOf(_opening.Destination);
        CheckpointName? newest = bitmaps.Where(item => item.Value)
            .Select(item => CheckpointName.TryParse(item.Key))
            .Where(name => name?.Lineage == lineage)
            .MaxBy(name => name!.Generation);
        return newest is null
            ? null
            : new CheckpointToken { Checkpoint = newest.ToString(), CreatedAt = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), SizeBytes = disk.SizeBytes };
    }
}
