namespace VProtect.Nbd;

/// <summary>Names of the metadata contexts servers are known to offer, and the meaning of their bits.</summary>
public static class NbdMetaContext
{
    /// <summary>Allocation, defined by the protocol: <see cref="Hole"/> and <see cref="Zero"/>.</summary>
    public const string BaseAllocation = "base:allocation";

    /// <summary>QEMU: at which depth of the backing chain the data lies; 0 is unallocated, 1 the top image.</summary>
    public const string QemuAllocationDepth = "qemu:allocation-depth";

    /// <summary>In <see cref="BaseAllocation"/>: not allocated.</summary>
    public const uint Hole = 1;

    /// <summary>In <see cref="BaseAllocation"/>: reads as zeroes.</summary>
    public const uint Zero = 2;

    /// <summary>In a <see cref="QemuDirtyBitmap"/> context: changed since the bitmap began.</summary>
    public const uint Dirty = 1;

    /// <summary>QEMU: the dirty bitmap of the given name, see <see cref="Dirty"/>.</summary>
    public static string QemuDirtyBitmap(string bitmapName) => "qemu:dirty-bitmap:" + bitmapName;
}
