using System.Xml.Linq;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>New volumes for the disks of machines.</summary>
internal static class Volumes
{
    /// <summary>The pool asked for; else the one the disk lay in, the one called default, or the one with most room.</summary>
    internal static Pool Choose(IEnumerable<Pool> pools, string? storageId, DomainDisk disk, long sizeBytes, DiskAllocation allocation)
    {
        List<Pool> fit = [.. pools.Where(pool => pool.CanRestoreTo)];
        Pool? chosen = storageId is not null
            ? fit.FirstOrDefault(pool => pool.Id == storageId)
            : Pool.Holding(fit, disk.Path, disk) ?? fit.FirstOrDefault(pool => pool.Name == "default") ?? fit.MaxBy(pool => pool.FreeBytes);
        if (chosen is null)
        {
            throw Errors.Of(
                ErrorCode.NotSupported,
                $"There is no active storage pool that disk {disk.Target} could be restored to.",
                "Define and start a pool of type dir, fs, netfs or logical on the host, and refresh the inventory.");
        }

        return TakesAll(chosen, allocation) && chosen.FreeBytes < sizeBytes
            ? throw Errors.Of(
                ErrorCode.PlatformFailed,
                $"Pool '{chosen.Name}' has {chosen.FreeBytes >> 20} MiB free, and disk {disk.Target} needs {sizeBytes >> 20} MiB.",
                "Choose another storage, or restore sparse.")
            : chosen;
    }

    /// <summary>What the name of an image's file ends with; nothing for a logical volume.</summary>
    internal static string EndingOf(Pool pool, string format) => !pool.HasFiles ? "" : format == "qcow2" ? ".qcow2" : ".img";

    /// <returns>Its path.</returns>
    internal static string Make(LibvirtApi api, Pool pool, string name, long sizeBytes, string format, DiskAllocation allocation)
    {
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
            new XElement("capacity", new XAttribute("unit", "bytes"), sizeBytes),
            new XElement("allocation", new XAttribute("unit", "bytes"), TakesAll(pool, allocation) ? sizeBytes : 0),
            target);
        using PoolHandle handle = api.LookupPool(pool.Name);
        using VolumeHandle volume = LibvirtApi.CreateVolume(handle, xml.ToString());
        return LibvirtApi.GetPath(volume);
    }

    /// <summary>Removes a volume; one that is not there is no failure.</summary>
    internal static void Remove(LibvirtApi api, string pool, string name)
    {
        using PoolHandle handle = api.LookupPool(pool);

        // It may have been made or named behind the pool's back.
        LibvirtApi.Refresh(handle);
        using VolumeHandle? volume = LibvirtApi.TryLookupVolume(handle, name);
        if (volume is not null)
        {
            LibvirtApi.Delete(volume);
        }
    }

    private static bool TakesAll(Pool pool, DiskAllocation allocation) => allocation == DiskAllocation.Preallocated || !pool.HasFiles;
}
