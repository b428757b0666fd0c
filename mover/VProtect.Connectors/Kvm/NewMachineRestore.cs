using System.Globalization;
using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Makes a machine of a restore point. Its volumes bear the task's mark until all are written; then they get their names, and the machine is defined last, so that
/// half a machine is never to be seen and a clean-up finds everything of it.
/// </summary>
internal sealed class NewMachineRestore(KvmPlatform platform, RestoreOpening opening) : Restore(platform, opening)
{
    private readonly List<MadeVolume> _made = [];
    private DomainDefinition? _definition;
    private string _name = "";
    private IReadOnlyDictionary<string, string> _networks = new Dictionary<string, string>();

    protected override async Task OpenAsync(CancellationToken cancellationToken)
    {
        _definition = DomainDefinition.Parse(Documents.DomainOf(Opening.Documents));
        _name = Opening.Name ?? _definition.Name;
        List<Pool> pools = await Platform.Session.ReadAsync("Looking for a place for the machine", api =>
        {
            RefuseWhenTaken(api);
            _networks = InventoryReader.ReadNetworkNames(api);
            return InventoryReader.ReadPools(api);
        }, cancellationToken);
        foreach (RestoreDisk disk in Opening.Disks)
        {
            DomainDisk known = _definition.Find(disk.Id) ?? throw Errors.Of(
                ErrorCode.NotSupported, $"The machine's definition has no disk {disk.Id}.", "Restore this disk to a file.");
            Pool pool = Volumes.Choose(pools, disk.StorageId ?? Opening.StorageId, known, disk.SizeBytes, Opening.Allocation);
            string format = pool.HasFiles && known.Format != "raw" ? "qcow2" : "raw";
            MadeVolume made = await Platform.Session.ChangeAsync(
                $"Making a volume in pool '{pool.Name}'", api => Make(api, pool, disk, format), cancellationToken);
            await ServeAsync(disk, made.Path, format, isExisting: false, cancellationToken);
        }
    }

    protected override async Task<string> FinishAsync(CancellationToken cancellationToken)
    {
        foreach (MadeVolume volume in _made)
        {
            await NameAsync(volume, cancellationToken);
        }

        string uuid = Opening.KeepsIdentity ? _definition!.Uuid : Guid.NewGuid().ToString();
        Dictionary<string, DiskPlace> places = _made.ToDictionary(volume => volume.DiskId, volume => DiskPlace.Of(volume.Pool, volume.Format, volume.Path));
        XElement root = MachineRewriter.Rewrite(_definition!, _name, uuid, Opening.KeepsIdentity, Opening.Networks, places, _networks, WarningList);
        await MachineFiles.WriteAsync(Platform.Host, root, _name, Opening.Documents, cancellationToken);
        await Platform.Session.ChangeAsync($"Defining '{_name}'", api =>
        {
            api.Define(root.ToString()).Dispose();
            foreach (string pool in _made.Select(volume => volume.Pool.Name).Distinct())
            {
                using PoolHandle handle = api.LookupPool(pool);
                LibvirtApi.Refresh(handle);
            }
        }, CancellationToken.None);
        return uuid;
    }

    protected override Task UndoAsync() => Platform.Session.ChangeAsync("Removing the volumes of the restore", api =>
    {
        foreach (MadeVolume made in _made)
        {
            using PoolHandle pool = api.LookupPool(made.Pool.Name);
            // Some have their name already, if it failed between naming and defining.
            LibvirtApi.Refresh(pool);
            using VolumeHandle? volume = LibvirtApi.TryLookupVolume(pool, Path.GetFileName(made.Path));
            if (volume is not null)
            {
                LibvirtApi.Delete(volume);
            }
        }
    }, CancellationToken.None);

    private void RefuseWhenTaken(LibvirtApi api)
    {
        if (Opening.HostId is { } host && host != InventoryReader.ReadHostId(api))
        {
            throw Errors.Of(ErrorCode.NotSupported, $"Host {host} is not the one this address leads to.", "Choose the host's own connection as the restore's target.");
        }

        using DomainHandle? sameUuid = Opening.KeepsIdentity ? api.TryLookupDomain(_definition!.Uuid) : null;
        using DomainHandle? sameName = api.TryLookupDomainByName(_name);
        if (sameUuid is not null)
        {
            throw Errors.Of(
                ErrorCode.PlatformFailed, $"Machine {_definition!.Uuid} is still on the host, so its identity is not free.", "Restore with new identities, or onto the machine itself.");
        }

        if (sameName is not null)
        {
            throw Errors.Of(ErrorCode.PlatformFailed, $"A machine called '{_name}' is on the host already.", "Give the restored machine another name, or overwrite that one.");
        }
    }

    private MadeVolume Make(LibvirtApi api, Pool pool, RestoreDisk disk, string format)
    {
        string path = Volumes.Make(api, pool, $"{Mark}-{disk.Id}{Volumes.EndingOf(pool, format)}", disk.SizeBytes, format, Opening.Allocation);
        var made = new MadeVolume(disk.Id, pool, format, path);
        _made.Add(made);
        return made;
    }

    private async Task NameAsync(MadeVolume volume, CancellationToken cancellationToken)
    {
        string directory = Path.GetDirectoryName(volume.Path)!;
        string stem = $"{MachineFiles.ToFileName(_name)}-{volume.DiskId}";
        string ending = Path.GetExtension(volume.Path);
        for (int i = 1; ; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{stem}{(i == 1 ? "" : $"-{i}")}{ending}");
            string path = Path.Join(directory, name);
            if ((await Platform.Host.RunAsync(["test", "-e", path], cancellationToken)).ExitCode == 0)
            {
                continue;
            }

            string[] command = volume.Pool.HasFiles
                ? ["mv", "--no-clobber", "--", volume.Path, path]
                : ["lvrename", Path.GetFileName(directory), Path.GetFileName(volume.Path), name];
            await Platform.Host.MustRunAsync($"Naming volume '{name}'", command, CancellationToken.None);
            volume.Path = path;
            return;
        }
    }
}

/// <summary>A volume made for a disk.</summary>
internal sealed class MadeVolume(string diskId, Pool pool, string format, string path)
{
    internal string DiskId { get; } = diskId;

    internal Pool Pool { get; } = pool;

    internal string Format { get; } = format;

    /// <summary>Where it is now.</summary>
    internal string Path { get; set; } = path;
}
