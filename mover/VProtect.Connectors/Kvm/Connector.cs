using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Hosts;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>Opens connectors to KVM hosts with libvirt. README.md tells addresses, settings and privileges.</summary>
public sealed class KvmConnectorFactory : IConnectorFactory
{
    /// <inheritdoc/>
    public string Platform => "KVM";

    /// <inheritdoc/>
    public string? Missing => Libvirt.IsInstalled ? null : Errors.HowToInstall;

    /// <inheritdoc/>
    public IConnector Open(ConnectorEndpoint endpoint) => new KvmConnector(new KvmPlatform(KvmOptions.Parse(endpoint)));
}

/// <summary>A host with libvirt and QEMU.</summary>
internal sealed partial class KvmConnector : IConnector
{
    private readonly KvmPlatform _platform;
    private readonly ChangeEvents _events;

    internal KvmConnector(KvmPlatform platform)
    {
        _platform = platform;
        _events = new ChangeEvents(platform.Session);
    }

    public ConnectorCapabilities Capabilities { get; } = new()
    {
        ChangedBlocks = true,
        Quiesce = true,
        OfflineBackup = true,
        Snapshots = true,
        Restore = true,
        RestoreInPlace = true,
        GuestCommands = true,
        GuestFiles = true,
        Events = true,
    };

    public async Task<Inventory> ReadInventoryAsync(CancellationToken cancellationToken)
    {
        _events.Forget();
        var unsized = new Dictionary<(string Machine, string Disk), RbdImage>();
        Inventory inventory = await _platform.Session.ReadAsync("Reading the inventory", api => InventoryReader.Read(api, unsized), cancellationToken);
        var sizes = new Dictionary<(string Machine, string Disk), long>();
        foreach (((string Machine, string Disk) disk, RbdImage image) in _platform.Host.HasCommands ? unsized : [])
        {
            try
            {
                RbdTool tool = await RbdTool.OpenAsync(_platform, image, cancellationToken);
                sizes[disk] = (await tool.ReadInfoAsync(cancellationToken)).SizeBytes;
            }
            catch (VProtectException)
            {
                // A cluster that is away: the machine is listed all the same.
            }
        }

        return sizes.Count == 0 ? inventory : inventory with
        {
            Machines =
            [
                .. inventory.Machines.Select(machine => machine with
                {
                    Disks = [.. machine.Disks.Select(disk => sizes.TryGetValue((machine.Uuid, disk.Id), out long size) ? disk with { SizeBytes = size } : disk)],
                }),
            ],
        };
    }

    public Task WaitForChangeAsync(CancellationToken cancellationToken) => _events.WaitAsync(cancellationToken);

    public async Task<IBackupAccess> OpenBackupAsync(BackupOpening opening, CancellationToken cancellationToken)
    {
        if (!_platform.Host.HasCommands)
        {
            throw LibvirtOnlyHost.Refused();
        }

        (PowerState power, string xml) = await _platform.Session.ReadAsync("Opening the machine", api =>
        {
            using DomainHandle domain = api.TryLookupDomain(opening.MachineUuid) ?? throw Errors.NoMachine(opening.MachineUuid);
            return (InventoryReader.ToPower(LibvirtApi.GetState(domain)), LibvirtApi.GetXml(domain));
        }, cancellationToken);
        DomainDefinition definition = DomainDefinition.Parse(xml);
        return power == PowerState.Off
            ? await StoppedBackup.OpenAsync(_platform, opening, definition, cancellationToken)
            : await RunningBackup.OpenAsync(_platform, opening, definition, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _events.Dispose();
        await _platform.DisposeAsync();
    }
}
