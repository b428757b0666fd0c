namespace VProtect.Mover.Qemu;

/// <summary>Formats of disk images. All but raw are read and written by QEMU's own code.</summary>
public enum ImageFormat
{
    /// <summary>The bytes of the disk as they are.</summary>
    Raw = 0,

    /// <summary>QEMU copy-on-write, version 2 and 3.</summary>
    Qcow2 = 1,

    /// <summary>VMware.</summary>
    Vmdk = 2,

    /// <summary>Hyper-V, current.</summary>
    Vhdx = 3,

    /// <summary>Hyper-V and Azure, former (VHD).</summary>
    Vhd = 4,

    /// <summary>VirtualBox.</summary>
    Vdi = 5,

    /// <summary>QEMU enhanced disk.</summary>
    Qed = 6,
}
