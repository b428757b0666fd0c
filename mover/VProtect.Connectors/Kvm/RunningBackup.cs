using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// A running machine's disks at one instant: a pull-mode backup job of libvirt.
/// <code>
/// 1 plan     which disks, which checkpoint tells the changes of each
/// 2 room     for what the guest overwrites meanwhile; snapshots of disks in Ceph (RbdRecords)
/// 3 freeze   file systems, through the agent
/// 4 begin    one transaction: all disks at one instant, and a new checkpoint that records from that instant on
/// 5 thaw     whatever came of 4
/// 6 reach    the NBD socket; what changed on disks in Ceph
/// </code>
/// If 4 finds a checkpoint whose bitmaps are broken, it is removed and 3 to 5 are done once more, reading everything.
/// </summary>
internal sealed class RunningBackup : IBackupAccess
{
    private readonly KvmPlatform _platform;
    private readonly BackupOpening _opening;
    private readonly string _mark;
    private readonly string _socketPath;
    private readonly WarningList _warnings = new();
    private readonly CancellationTokenSource _stopWatching = new();
    private Task _watching = Task.CompletedTask;
    private Scratch? _scratch;
    private RbdRecords? _rbd;
    private ReachedSocket? _socket;
    private CheckpointName? _checkpoint;
    private bool _hasBegun;
    private bool _isCommitted;
    private bool _isDisposed;
    private bool _wasRunning;

    private RunningBackup(KvmPlatform platform, BackupOpening opening)
    {
        _platform = platform;
        _opening = opening;
        _mark = TaskMark.Of(opening.TaskGuid);
        _socketPath = $"{platform.Options.SocketDirectory}/{_mark}.nbd";
    }

    public IReadOnlyList<MachineDocument> Documents { get; private set; } = [];

    public IReadOnlyList<BackupAccessDisk> Disks { get; private set; } = [];

    public IReadOnlyList<string> Warnings => _warnings.Items;

    internal static async Task<RunningBackup> OpenAsync(
        KvmPlatform platform, BackupOpening opening, DomainDefinition definition, CancellationToken cancellationToken)
    {
        var backup = new RunningBackup(platform, opening);
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

    public async Task CommittedAsync(CancellationToken cancellationToken)
    {
        _isCommitted = true;
        foreach (string left in _rbd is null ? [] : await _rbd.CommittedAsync())
        {
            _warnings.Add(left);
        }

        if (_checkpoint is not { } current)
        {
            return;
        }

        string? fault = await RemoveCheckpointsAsync(domain =>
        {
            IReadOnlyList<KnownCheckpoint> ours = Checkpoints.List(domain);
            IEnumerable<CheckpointName> replaced = ours.Select(item => item.Name).Where(name => name.Lineage == current.Lineage && name != current);
            // A full backup that does not tell its destination begins a lineage and cannot say which one it ends.
            IEnumerable<CheckpointName> abandoned = ours.Select(item => item.Name)
                .Where(name => name.Lineage != current.Lineage)
                .Reverse().GroupBy(name => name.Lineage).Skip(Checkpoints.LineagesMax - 1).SelectMany(lineage => lineage);
            return [.. replaced, .. abandoned];
        });
        if (fault is not null)
        {
            _warnings.Add($"The checkpoint of the previous restore point could not be removed: {fault}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _stopWatching.CancelAsync();
        await _watching;
        _stopWatching.Dispose();
        if (_socket is not null)
        {
            await _socket.DisposeAsync();
        }

        if (_hasBegun)
        {
            await EndJobAsync();
            if (!_isCommitted && _checkpoint is { } checkpoint && await RemoveCheckpointsAsync(_ => [checkpoint]) is { } fault)
            {
                _warnings.Add($"Checkpoint {checkpoint} could not be removed from the machine: {fault}");
            }
        }

        foreach (string left in _rbd is null ? [] : await _rbd.EndAsync())
        {
            _warnings.Add(left);
        }

        await RemoveFilesAsync();
    }

    // 1, 2
    private async Task OpenAsync(DomainDefinition definition, CancellationToken cancellationToken)
    {
        IReadOnlyList<PlannedDisk> disks = await PlanAsync(definition, cancellationToken);
        _scratch = await Scratch.PlanAsync(_platform, _mark, disks, cancellationToken);
        await RemoveFilesAsync();
        _rbd = await RbdRecords.BeginAsync(_platform, _opening, disks, isOff: false, cancellationToken);
        XElement server = ToServer();
        bool wantsCheckpoint = disks.Any(disk => disk.Disk.CanRecordChanges);
        LibvirtException? refusal = await BeginAsync(definition, server, disks, wantsCheckpoint, cancellationToken);
        if (refusal is { Number: VirErr.CheckpointInconsistent })
        {
            disks = await DropBrokenAsync(disks, refusal, cancellationToken);
            refusal = await BeginAsync(definition, server, disks, wantsCheckpoint, cancellationToken);
        }

        if (refusal is not null && wantsCheckpoint && refusal.Number is not (VirErr.OperationTimeout or VirErr.OperationInvalid))
        {
            // An old qcow2 (compat 0.10), say. Protected and slow is better than not protected.
            _warnings.Add($"No checkpoint could be made, so the next backup reads everything: {refusal.Message}");
            disks = [.. disks.Select(disk => disk.Since is null ? disk : disk.ReadWhole("no checkpoint could be made"))];
            refusal = await BeginAsync(definition, server, disks, withCheckpoint: false, cancellationToken);
        }

        if (refusal is not null)
        {
            throw Errors.From(refusal, $"Beginning the backup of '{definition.Name}'");
        }

        _watching = WatchAsync();
        await _rbd.CloseAsync(isOff: false, cancellationToken);
        foreach (PlannedDisk disk in disks)
        {
            if ((disk.Reason ?? _rbd.Find(disk.Disk.Target)?.Reason) is { } reason)
            {
                _warnings.Add($"Disk {disk.Disk.Target} is read whole and compared: {reason.TrimEnd('.')}.");
            }
        }

        await ReachAsync(disks, cancellationToken);
        string xml = await _platform.Session.ReadAsync("Reading the machine's definition", api =>
        {
            using DomainHandle domain = api.LookupDomain(_opening.MachineUuid);
            return LibvirtApi.GetXml(domain, Libvirt.DomainXmlInactive);
        }, cancellationToken);
        Documents = await Kvm.Documents.ReadAsync(_platform.Host, xml, _warnings, cancellationToken);
    }

    private Task<IReadOnlyList<PlannedDisk>> PlanAsync(DomainDefinition definition, CancellationToken cancellationToken) =>
        _platform.Session.ChangeAsync("Looking at the machine's disks", api =>
        {
            using DomainHandle domain = api.LookupDomain(_opening.MachineUuid);
            RefuseWhenBusy(domain, definition.Name);
            _wasRunning = LibvirtApi.GetState(domain) is DomainState.Running or DomainState.Blocked;
            IReadOnlyList<PlannedDisk> disks = Kvm.Disks.Choose(api, domain, definition, _opening.ExcludedDisks, isOff: false, _warnings);
            IReadOnlyList<PlannedDisk> planned = ChangedBlocks.Plan(domain, disks, _opening.Parents);
            _checkpoint = Checkpoints.NameNext(domain, _opening.Destination, planned);
            return planned;
        }, cancellationToken);

    private static void RefuseWhenBusy(DomainHandle domain, string name)
    {
        if (LibvirtApi.TryGetBackupXml(domain) is { } job)
        {
            string whose = job.Contains(TaskMark.Prefix, StringComparison.Ordinal) ? "Another VProtect backup" : "Another product's backup job";
            throw Errors.Of(
                ErrorCode.MachineBusy,
                $"{whose} is at work on '{name}'.",
                "Wait until it has ended. If none runs, 'virsh domjobabort' ends the job it left behind.",
                RetryAdvice.Later);
        }

        if (LibvirtApi.HasJob(domain))
        {
            throw Errors.Of(
                ErrorCode.MachineBusy,
                $"Another job is at work on '{name}': a migration, a save or a dump.",
                "Wait until it has ended; 'virsh domjobinfo' shows it.",
                RetryAdvice.Later);
        }
    }

    // 3, 4, 5
    /// <returns>What libvirt refused it for, or null.</returns>
    private async Task<LibvirtException?> BeginAsync(
        DomainDefinition definition, XElement server, IReadOnlyList<PlannedDisk> disks, bool withCheckpoint, CancellationToken cancellationToken)
    {
        HashSet<string> covered = withCheckpoint
            ? disks.Where(disk => disk.Disk.CanRecordChanges).Select(disk => disk.Disk.Target).ToHashSet(StringComparer.Ordinal)
            : [];
        if (covered.Count == 0)
        {
            _checkpoint = null;
        }

        string backupXml = BackupXml.Write(
            new XElement(server), definition.Disks, disks.ToDictionary(disk => disk.Disk.Target, StringComparer.Ordinal), _scratch!.Paths);
        string? checkpointXml = _checkpoint is { } name ? Checkpoints.ToXml(name, _mark, disks, covered) : null;
        GuestFreeze freeze = await GuestFreeze.FreezeAsync(
            _platform, _opening.MachineUuid, !_wasRunning, _opening.Quiesce, _warnings, cancellationToken);
        try
        {
            await _platform.Session.ChangeAsync($"Beginning the backup of '{definition.Name}'", api =>
            {
                using DomainHandle domain = api.LookupDomain(_opening.MachineUuid);
                _hasBegun = true;
                LibvirtApi.BeginBackup(domain, backupXml, checkpointXml);
            }, CancellationToken.None);
            return null;
        }
        catch (VProtectException exception) when (exception.InnerException is LibvirtException refusal)
        {
            return refusal;
        }
        finally
        {
            await freeze.ThawAsync(_warnings);
        }
    }

    /// <summary>After a power cut or a killed QEMU the images' bitmaps are missing or not to be trusted. Ours go; other lineages' too, since they are just as broken.</summary>
    private async Task<IReadOnlyList<PlannedDisk>> DropBrokenAsync(
        IReadOnlyList<PlannedDisk> disks, LibvirtException refusal, CancellationToken cancellationToken)
    {
        string[] broken = [.. disks.Where(disk => disk.Since is not null).Select(disk => disk.Since!.Checkpoint).Distinct()];
        await _platform.Session.ChangeAsync("Removing broken checkpoints", api =>
        {
            using DomainHandle domain = api.LookupDomain(_opening.MachineUuid);
            foreach (string name in broken)
            {
                Checkpoints.Remove(domain, name);
            }
        }, cancellationToken);
        return [.. disks.Select(disk => disk.Since is null ? disk : disk.ReadWhole($"the record of changes is broken, as after a crash of the host or of QEMU ({refusal.Message})"))];
    }

    // 6
    private async Task ReachAsync(IReadOnlyList<PlannedDisk> disks, CancellationToken cancellationToken)
    {
        string Address(string export) => $"nbd+unix:///{Uri.EscapeDataString(export)}?socket={Uri.EscapeDataString(_socket!.Path)}";

        _socket = await _platform.Host.ReachAsync(_socketPath, cancellationToken);
        long createdAt = _checkpoint is null ? 0 : await _platform.Session.ReadAsync("Reading the new checkpoint", api =>
        {
            using DomainHandle domain = api.LookupDomain(_opening.MachineUuid);
            return Checkpoints.List(domain).First(item => item.Name == _checkpoint).CreatedAt;
        }, cancellationToken);
        DiskEndpoint.Nbd ToEndpoint(PlannedDisk disk) => _rbd!.Find(disk.Disk.Target) is { } record
            ? new DiskEndpoint.Nbd(Address(disk.Disk.Target)) { Changed = record.Changed, Since = record.SinceText, Next = record.Next }
            : new DiskEndpoint.Nbd(Address(disk.Disk.Target))
            {
                Bitmap = disk.Since is null ? null : BackupXml.BitmapOf(disk),
                Since = disk.SinceText,
                Next = _checkpoint is null || !disk.Disk.CanRecordChanges
                    ? null
                    : new CheckpointToken { Checkpoint = _checkpoint.ToString(), CreatedAt = createdAt, SizeBytes = disk.SizeBytes }.Write(),
            };

        Disks = [.. disks.Select(disk => new BackupAccessDisk(disk.Disk.Target, disk.Disk.Name, ToEndpoint(disk)))];
    }

    private XElement ToServer() => new("server", new XAttribute("transport", "unix"), new XAttribute("socket", _socketPath));

    private async Task WatchAsync()
    {
        if (await _scratch!.WatchAsync(_stopWatching.Token) is { } warning)
        {
            _warnings.Add(warning);
            await EndJobAsync();
        }
    }

    /// <summary>Ends the job, if it is ours and still there, and waits until it is gone and with it QEMU's hold on our files.</summary>
    private async Task EndJobAsync()
    {
        try
        {
            bool isSafe = await _platform.Session.ChangeAsync("Ending the backup", api =>
            {
                using DomainHandle? domain = api.TryLookupDomain(_opening.MachineUuid);
                return domain is null || BackupJobs.End(domain, _socketPath);
            }, CancellationToken.None);
            bool isOver = isSafe && await BackupJobs.WaitForEndAsync(_platform.Session, _opening.MachineUuid, _socketPath);
            if (isOver && _wasRunning)
            {
                await ResumeAsync();
            }

            if (!isOver)
            {
                _warnings.Add($"The backup job on the machine did not end within {BackupJobs.EndTimeMax.TotalSeconds:0} s; the next clean-up ends it.");
            }
        }
        catch (VProtectException exception)
        {
            _warnings.Add($"The backup job on the machine could not be ended: {exception.Message}");
        }
    }

    /// <summary>A machine that QEMU stopped for want of space in the scratch file goes on.</summary>
    private Task ResumeAsync() => _platform.Session.ChangeAsync("Resuming the machine", api =>
    {
        using DomainHandle? domain = api.TryLookupDomain(_opening.MachineUuid);
        if (domain is not null && LibvirtApi.IsPausedByFault(domain))
        {
            LibvirtApi.Resume(domain);
            _warnings.Add("The machine stood still because the scratch file was full; it runs again.");
        }
    }, CancellationToken.None);

    /// <returns>Why not, or null.</returns>
    private async Task<string?> RemoveCheckpointsAsync(Func<DomainHandle, IReadOnlyList<CheckpointName>> choose)
    {
        try
        {
            return await CheckpointRemoval.RemoveAsync(_platform, _opening.MachineUuid, choose);
        }
        catch (VProtectException exception)
        {
            return exception.Message;
        }
    }

    private async Task RemoveFilesAsync()
    {
        string[] paths = [.. _scratch?.Paths.Values ?? [], _socketPath];
        try
        {
            if (await _platform.Host.RemoveAsync(paths, CancellationToken.None) is { } fault)
            {
                _warnings.Add($"Files of the backup were left on the host: {fault}");
            }
        }
        catch (VProtectException exception)
        {
            _warnings.Add($"Files of the backup were left on the host: {exception.Message}");
        }
    }
}
