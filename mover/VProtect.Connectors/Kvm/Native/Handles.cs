using Microsoft.Win32.SafeHandles;

namespace VProtect.Connectors.Kvm.Native;

/// <summary>A connection; closed with its last object.</summary>
internal sealed class ConnectionHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.ConnectClose(handle) >= 0;
}

/// <summary>A machine.</summary>
internal sealed class DomainHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.DomainFree(handle) == 0;
}

/// <summary>A secret that libvirt keeps.</summary>
internal sealed class SecretHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.SecretFree(handle) == 0;
}

/// <summary>A checkpoint of a machine.</summary>
internal sealed class CheckpointHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.CheckpointFree(handle) == 0;
}

/// <summary>A snapshot of a machine.</summary>
internal sealed class SnapshotHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.SnapshotFree(handle) == 0;
}

/// <summary>A storage pool.</summary>
internal sealed class PoolHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.PoolFree(handle) == 0;
}

/// <summary>A storage volume.</summary>
internal sealed class VolumeHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.VolumeFree(handle) == 0;
}

/// <summary>A virtual network.</summary>
internal sealed class NetworkHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => Libvirt.NetworkFree(handle) == 0;
}
