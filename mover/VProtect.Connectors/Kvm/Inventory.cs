using System.Xml.Linq;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;
using VProtect.Connectors.Kvm.Rbd;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Reads what a host holds. Something that goes away between two calls is left out, as if it had gone before. Ids: host and machines by uuid, pools and networks
/// by uuid, bridges of the host as <c>bridge:NAME</c>.
/// </summary>
internal static class InventoryReader
{
    /// <summary>What the id of a bridge begins with.</summary>
    internal const string BridgePrefix = "bridge:";

    /// <param name="api">The host.</param>
    /// <param name="unsized">Receives disks in Ceph clusters, by machine and disk, into which libvirt does not look since their machine is off.</param>
    internal static Inventory Read(LibvirtApi api, Dictionary<(string Machine, string Disk), RbdImage> unsized)
    {
        string hostId = ReadHostId(api);
        List<Pool> pools = ReadPools(api);
        var machines = new List<InventoryMachine>();
        var bridges = new SortedSet<string>(StringComparer.Ordinal);
        foreach (DomainHandle domain in api.ListDomains())
        {
            using (domain)
            {
                try
                {
                    if (ReadMachine(api, domain, hostId, pools, bridges, unsized) is { } machine)
                    {
                        machines.Add(machine);
                    }
                }
                catch (LibvirtException exception) when (exception.Number == VirErr.NoDomain)
                {
                    // Gone since it was listed.
                }
            }
        }

        return new Inventory
        {
            Hosts = [new InventoryHost(hostId, api.GetHostName(), ClusterId: null, IsUp: true)],
            Storages = [.. pools.Where(pool => pool.CanRestoreTo).Select(pool => new InventoryStorage(pool.Id, pool.Name, pool.TotalBytes, pool.FreeBytes))],
            Networks = [.. ReadNetworks(api), .. bridges.Select(bridge => new InventoryItem(BridgePrefix + bridge, bridge))],
            Machines = machines,
        };
    }

    /// <summary>The host's uuid: its firmware's, or what libvirtd was configured with.</summary>
    internal static string ReadHostId(LibvirtApi api) =>
        XElement.Parse(api.GetCapabilities()).Element("host")?.Element("uuid")?.Value ?? api.GetHostName();

    internal static List<Pool> ReadPools(LibvirtApi api)
    {
        var pools = new List<Pool>();
        foreach (PoolHandle handle in api.ListActivePools())
        {
            using (handle)
            {
                try
                {
                    XElement xml = XElement.Parse(LibvirtApi.GetXml(handle));
                    (long capacity, long available) = LibvirtApi.GetInfo(handle);
                    pools.Add(new Pool(
                        xml.Element("uuid")?.Value ?? "",
                        xml.Element("name")?.Value ?? "",
                        (string?)xml.Attribute("type") ?? "",
                        xml.Element("target")?.Element("path")?.Value.TrimEnd('/'),
                        capacity,
                        available));
                }
                catch (LibvirtException exception) when (exception.Number == VirErr.NoPool)
                {
                    // Gone since it was listed.
                }
            }
        }

        return pools;
    }

    /// <summary>Path of a disk's image on the host, also of one named by pool and volume; null when there is none.</summary>
    internal static string? FindPath(LibvirtApi api, DomainDisk disk)
    {
        if (disk.Volume is not { } named)
        {
            return disk.Path;
        }

        try
        {
            using PoolHandle pool = api.LookupPool(named.Pool);
            using VolumeHandle? volume = LibvirtApi.TryLookupVolume(pool, named.Volume);
            return volume is null ? null : LibvirtApi.GetPath(volume);
        }
        catch (LibvirtException exception) when (exception.Number is VirErr.NoPool or VirErr.OperationInvalid)
        {
            return null;
        }
    }

    /// <summary>The host's active networks: name by uuid.</summary>
    internal static Dictionary<string, string> ReadNetworkNames(LibvirtApi api) => ReadNetworks(api).ToDictionary(network => network.Id, network => network.Name, StringComparer.Ordinal);

    internal static PowerState ToPower(DomainState state) => state switch
    {
        DomainState.Running or DomainState.Blocked or DomainState.Shutdown => PowerState.Running,
        DomainState.Off or DomainState.Crashed => PowerState.Off,
        DomainState.Paused or DomainState.Suspended => PowerState.Paused,
        _ => PowerState.Unknown,
    };

    private static InventoryMachine? ReadMachine(
        LibvirtApi api, DomainHandle handle, string hostId, List<Pool> pools, SortedSet<string> bridges, Dictionary<(string Machine, string Disk), RbdImage> unsized)
    {
        PowerState power = ToPower(LibvirtApi.GetState(handle));
        DomainDefinition definition = DomainDefinition.Parse(LibvirtApi.GetXml(handle));
        if (BootedMachine.IsListedWithItsMount(handle, definition))
        {
            return null;
        }

        foreach (XElement card in definition.Interfaces.Where(card => (string?)card.Attribute("type") == "bridge"))
        {
            if ((string?)card.Element("source")?.Attribute("bridge") is { } bridge)
            {
                bridges.Add(bridge);
            }
        }

        var disks = new List<InventoryDisk>();
        foreach (DomainDisk disk in definition.ProtectedDisks)
        {
            string? path = FindPath(api, disk);
            string? obstacle = Disks.FindObstacle(disk, path, power == PowerState.Off);
            long sizeBytes = 0;
            try
            {
                if (power == PowerState.Off && RbdImage.TryRead(disk) is { } image)
                {
                    unsized[(definition.Uuid, disk.Target)] = image;
                }
                else
                {
                    sizeBytes = LibvirtApi.GetBlockInfo(handle, disk.Target).CapacityBytes;
                }
            }
            catch (LibvirtException exception) when (exception.Number != VirErr.NoDomain)
            {
                obstacle ??= $"the host cannot examine it: {exception.Message}";
            }

            disks.Add(new InventoryDisk(disk.Target, disk.Name, sizeBytes, Pool.Holding(pools, path, disk)?.Id, obstacle));
        }

        return new InventoryMachine(definition.Uuid, definition.Name, hostId, power, definition.Tags, disks);
    }

    private static List<InventoryItem> ReadNetworks(LibvirtApi api)
    {
        var networks = new List<InventoryItem>();
        foreach (NetworkHandle handle in api.ListActiveNetworks())
        {
            using (handle)
            {
                XElement xml = XElement.Parse(LibvirtApi.GetXml(handle));
                networks.Add(new InventoryItem(xml.Element("uuid")?.Value ?? "", xml.Element("name")?.Value ?? ""));
            }
        }

        return networks;
    }
}

/// <summary>A storage pool.</summary>
/// <param name="Id">Its uuid.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>dir</c>, <c>fs</c>, <c>netfs</c>, <c>logical</c>, <c>rbd</c> …</param>
/// <param name="Path">Its directory on the host, or null.</param>
/// <param name="TotalBytes">Size.</param>
/// <param name="FreeBytes">Free space.</param>
internal sealed record Pool(string Id, string Name, string Kind, string? Path, long TotalBytes, long FreeBytes)
{
    /// <summary>Whether images are files in a directory.</summary>
    internal bool HasFiles => Kind is "dir" or "fs" or "netfs";

    /// <summary>Whether machines can be restored to it.</summary>
    internal bool CanRestoreTo => (HasFiles || Kind == "logical") && Path is not null;

    /// <summary>The pool a disk lies in, or null.</summary>
    internal static Pool? Holding(IEnumerable<Pool> pools, string? path, DomainDisk disk) => pools.FirstOrDefault(
        pool => disk.Volume is { } volume ? volume.Pool == pool.Name : path is not null && System.IO.Path.GetDirectoryName(path) == pool.Path);
}
