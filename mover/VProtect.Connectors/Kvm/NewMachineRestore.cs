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
        MachineDocument document = Opening.Documents.FirstOrDefault(item => item.Name == Documents.DomainName) ?? throw Errors.Of(
            ErrorCode.NotSupported,
            "The restore point holds no definition of a KVM machine (domain.xml).",
            "Restore its disks to files, or onto an existing machine.");
        _definition = DomainDefinition.Parse(System.Text.Encoding.UTF8.GetString(document.Content.Span));
        _name = Opening.Name ?? _definition.Name;
        List<Pool> pools = await Platform.Session.ReadAsync("Looking for a place for the machine", api =>
        {
            RefuseWhenTaken(api);
            _networks = ReadNetworks(api);
            return InventoryReader.ReadPools(api);
        }, cancellationToken);
        foreach (RestoreDisk disk in Opening.Disks)
        {
            DomainDisk known = _definition.Find(disk.Id) ?? throw Errors.Of(
                ErrorCode.NotSupported, $"The machine's definition has no disk {disk.Id}.", "Restore this disk to a file.");
            Pool pool = Choose(pools, disk, known);
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
        XElement root = MachineRewriter.Rewrite(_definition!, _name, uuid, Opening, _made, _networks, WarningList);
        if (_definition!.NvramPath is { } nvram)
        {
            string path = Path.Join(Path.GetDirectoryName(nvram), $"{ToFileName(_name)}_VARS.fd");
            MachineRewriter.SetNvram(root, path);
            if (Opening.Documents.FirstOrDefault(item => item.Name == Documents.NvramName) is { } variables)
            {
                await WriteFileAsync("the firmware's variables", path, variables.Content, cancellationToken);
            }
        }

        foreach (MachineDocument state in Opening.Documents.Where(item => item.Name.StartsWith(Documents.TpmPrefix, StringComparison.Ordinal)))
        {
            string file = state.Name[Documents.TpmPrefix.Length..];
            await WriteFileAsync("the TPM's state", $"{Documents.TpmDirectory}/{uuid}/{file.Replace("..", "", StringComparison.Ordinal)}", state.Content, cancellationToken);
        }

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

    private static string ToFileName(string name) => name.Replace('/', '_');

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

    private static Dictionary<string, string> ReadNetworks(LibvirtApi api)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (NetworkHandle handle in api.ListActiveNetworks())
        {
            using (handle)
            {
                XElement xml = XElement.Parse(LibvirtApi.GetXml(handle));
                names[xml.Element("uuid")?.Value ?? ""] = xml.Element("name")?.Value ?? "";
            }
        }

        return names;
    }

    /// <summary>The pool asked for; else the one the disk lay in, the one called default, or the one with most room.</summary>
    private Pool Choose(List<Pool> pools, RestoreDisk disk, DomainDisk known)
    {
        List<Pool> fit = [.. pools.Where(pool => pool.CanRestoreTo)];
        Pool? chosen = (disk.StorageId ?? Opening.StorageId) is { } id
            ? fit.FirstOrDefault(pool => pool.Id == id)
            : Pool.Holding(fit, known.Path, known) ?? fit.FirstOrDefault(pool => pool.Name == "default") ?? fit.MaxBy(pool => pool.FreeBytes);
        if (chosen is null)
        {
            throw Errors.Of(
                ErrorCode.NotSupported,
                $"There is no active storage pool that disk {disk.Id} could be restored to.",
                "Define and start a pool of type dir, fs, netfs or logical on the host, and refresh the inventory.");
        }

        bool takesAll = Opening.Allocation == DiskAllocation.Preallocated || !chosen.HasFiles;
        return takesAll && chosen.FreeBytes < disk.SizeBytes
            ? throw Errors.Of(
                ErrorCode.PlatformFailed,
                $"Pool '{chosen.Name}' has {chosen.FreeBytes >> 20} MiB free, and disk {disk.Id} needs {disk.SizeBytes >> 20} MiB.",
                "Choose another storage, or restore sparse.")
            : chosen;
    }

    private MadeVolume Make(LibvirtApi api, Pool pool, RestoreDisk disk, string format)
    {
        string name = $"{Mark}-{disk.Id}{(pool.HasFiles ? format == "qcow2" ? ".qcow2" : ".img" : "")}";
        bool takesAll = Opening.Allocation == DiskAllocation.Preallocated || !pool.HasFiles;
        var target = new XElement("target");
        if (pool.HasFiles)
        {
            target.Add(new XElement("format", new XAttribute("type", format)));
            if (format == "qcow2")
            {
                // Version 3, without which an image cannot keep dirty bitmaps.
                target.Add(new XElement("compat", "1.1"));
            }
        }

        var xml = new XElement(
            "volume",
            new XElement("name", name),
            new XElement("capacity", new XAttribute("unit", "bytes"), disk.SizeBytes),
            new XElement("allocation", new XAttribute("unit", "bytes"), takesAll ? disk.SizeBytes : 0),
            target);
        using PoolHandle handle = api.LookupPool(pool.Name);
        using VolumeHandle volume = LibvirtApi.CreateVolume(handle, xml.ToString());
        var made = new MadeVolume(disk.Id, pool, format, LibvirtApi.GetPath(volume));
        _made.Add(made);
        return made;
    }

    private async Task NameAsync(MadeVolume volume, CancellationToken cancellationToken)
    {
        string directory = Path.GetDirectoryName(volume.Path)!;
        string stem = $"{ToFileName(_name)}-{volume.DiskId}";
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
