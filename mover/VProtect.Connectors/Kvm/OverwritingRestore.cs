using System.Globalization;
using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Writes a restore point over the disks of a machine that is off, so that only differences are written. QEMU's lock keeps the machine off meanwhile. Checkpoints of ours
/// go first: the next backup reads everything. Until it is complete, an element in the machine's metadata tells that its disks are half written.
/// </summary>
internal sealed class OverwritingRestore(KvmPlatform platform, RestoreOpening opening, string machineUuid) : Restore(platform, opening)
{
    /// <summary>Namespace of what we write into metadata.</summary>
    internal const string MetadataUri = "https://vprotect/kvm/1";

    internal static readonly XName MetadataName = XName.Get("restoring", MetadataUri);

    private DomainDefinition? _definition;
    private bool _isMarked;

    protected override async Task OpenAsync(CancellationToken cancellationToken)
    {
        List<(RestoreDisk Disk, DomainDisk Known, string? Path, long SizeBytes)> disks = await Platform.Session.ReadAsync("Opening the machine", Look, cancellationToken);
        if (await CheckpointRemoval.RemoveAsync(Platform, machineUuid, domain => [.. Checkpoints.List(domain).Select(item => item.Name)]) is { } fault)
        {
            throw Errors.Of(ErrorCode.PlatformFailed, $"Records of changes could not be removed from the machine's images: {fault}", "Check the images with 'qemu-img check'.", RetryAdvice.Later);
        }

        foreach ((RestoreDisk disk, DomainDisk known, string? path, long sizeBytes) in disks)
        {
            if (path is null)
            {
                // The snapshots that backups count from stay: what is written now is a change like any other.
                RbdTool tool = await RbdTool.OpenAsync(Platform, RbdImage.TryRead(known)!, cancellationToken);
                if ((await tool.ReadInfoAsync(cancellationToken)).SizeBytes != disk.SizeBytes)
                {
                    await tool.ResizeAsync(disk.SizeBytes, cancellationToken);
                }

                await ServeAsync(disk, tool, cancellationToken);
                continue;
            }

            if (sizeBytes != disk.SizeBytes)
            {
                await ResizeAsync(disk, known, path, cancellationToken);
            }

            await ServeAsync(disk, path, known.Format, isExisting: true, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await SetMarkAsync(new XElement(MetadataName, new XAttribute("task", Mark)).ToString());
        _isMarked = true;
    }

    protected override async Task<string> FinishAsync(CancellationToken cancellationToken)
    {
        if (_definition!.NvramPath is { } path && Opening.Documents.FirstOrDefault(item => item.Name == Documents.NvramName) is { } variables)
        {
            await MachineFiles.WriteAsync(Platform.Host, "the firmware's variables", path, variables.Content, cancellationToken);
        }

        await SetMarkAsync(null);
        return machineUuid;
    }

    protected override Task UndoAsync()
    {
        if (_isMarked)
        {
            WarningList.Add($"The restore did not end, so the disks of '{_definition!.Name}' are half written: restore again before the machine is started.");
        }

        return Task.CompletedTask;
    }

    /// <returns>Disks and what they are on the host; the path is null for an image in a Ceph cluster.</returns>
    private List<(RestoreDisk Disk, DomainDisk Known, string? Path, long SizeBytes)> Look(LibvirtApi api)
    {
        using DomainHandle domain = api.TryLookupDomain(machineUuid) ?? throw Errors.NoMachine(machineUuid);
        _definition = DomainDefinition.Parse(LibvirtApi.GetXml(domain));
        if (InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off)
        {
            throw Errors.Of(ErrorCode.MachineBusy, $"'{_definition.Name}' runs, so its disks cannot be overwritten.", "Switch the machine off, or restore to a new one.", RetryAdvice.Later);
        }

        var disks = new List<(RestoreDisk Disk, DomainDisk Known, string? Path, long SizeBytes)>();
        foreach (RestoreDisk disk in Opening.Disks)
        {
            DomainDisk? known = _definition.Find(disk.Id);
            string? path = known is null ? null : InventoryReader.FindPath(api, known);
            bool isInCluster = known is not null && RbdImage.TryRead(known) is not null;
            if (path is null && !isInCluster)
            {
                throw Errors.Of(
                    ErrorCode.NotSupported, $"'{_definition.Name}' has no disk {disk.Id} with an image to overwrite.", "Restore to a new machine, or leave this disk out.");
            }

            disks.Add((disk, known!, isInCluster ? null : path, isInCluster ? 0 : LibvirtApi.GetBlockInfo(domain, disk.Id).CapacityBytes));
        }

        return disks;
    }

    private async Task ResizeAsync(RestoreDisk disk, DomainDisk known, string path, CancellationToken cancellationToken)
    {
        CommandResult result = await Platform.Host.RunAsync(
            ["qemu-img", "resize", "-q", "--shrink", "-f", known.Format, path, disk.SizeBytes.ToString(CultureInfo.InvariantCulture)], cancellationToken);
        if (result.ExitCode != 0)
        {
            throw Errors.Of(
                ErrorCode.PlatformFailed,
                $"Disk {disk.Id} has another size than in the restore point and could not be given {disk.SizeBytes} bytes: {result.Error}",
                "Resize the disk by hand, or restore to a new machine.");
        }
    }

    private Task SetMarkAsync(string? xml) => Platform.Session.ChangeAsync("Marking the machine", api =>
    {
        using DomainHandle domain = api.LookupDomain(machineUuid);
        LibvirtApi.SetMetadata(domain, xml, "vprotect", MetadataUri);
    }, CancellationToken.None);
}
