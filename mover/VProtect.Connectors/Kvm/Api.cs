using System.Runtime.InteropServices;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// libvirt with types and errors, and no policy. Every call blocks until the host has answered: <see cref="LibvirtSession"/> keeps them off
/// the thread pool. Failures are <see cref="LibvirtException"/>. Safe from several threads, as libvirt is.
/// </summary>
internal sealed unsafe class LibvirtApi : IDisposable
{
    // A host that does not answer for half a minute is gone; its calls fail then.
    private const int KeepAliveSeconds = 5;
    private const uint KeepAliveCount = 6;

    private readonly ConnectionHandle _connection;

    private LibvirtApi(ConnectionHandle connection) => _connection = connection;

    /// <summary>The connection, for event registration.</summary>
    internal ConnectionHandle Connection => _connection;

    /// <summary>Whether the connection still stands; asks nobody.</summary>
    internal bool IsAlive => Libvirt.ConnectIsAlive(_connection) == 1;

    /// <summary>Connects.</summary>
    /// <param name="uri">As libvirt writes it.</param>
    /// <param name="login">For SASL, or empty.</param>
    /// <param name="password">For SASL, or null.</param>
    internal static LibvirtApi Connect(string uri, string login, string? password)
    {
        EventLoop.Ensure();
        ConnectionHandle connection = Sasl.Open(uri, login, password);
        if (connection.IsInvalid)
        {
            throw LibvirtException.Last();
        }

        // A driver within this process (test:///) has none; then there is nothing to keep alive.
        _ = Libvirt.ConnectSetKeepAlive(connection, KeepAliveSeconds, KeepAliveCount);
        return new LibvirtApi(connection);
    }

    public void Dispose() => _connection.Dispose();

    // ---- host

    internal Version GetVersion()
    {
        Check(Libvirt.ConnectGetVersion(_connection, out CULong version));
        return ToVersion(version);
    }

    internal Version GetLibVersion()
    {
        Check(Libvirt.ConnectGetLibVersion(_connection, out CULong version));
        return ToVersion(version);
    }

    internal string GetHostName() => Take(Libvirt.ConnectGetHostname(_connection));

    internal string GetCapabilities() => Take(Libvirt.ConnectGetCapabilities(_connection));

    // ---- machines

    internal IReadOnlyList<DomainHandle> ListDomains()
    {
        int count = Check(Libvirt.ListAllDomains(_connection, out nint* items, 0));
        return TakeAll<DomainHandle>(items, count);
    }

    internal DomainHandle LookupDomain(string uuid) => Check(Libvirt.DomainLookupByUuid(_connection, uuid));

    internal DomainHandle? TryLookupDomain(string uuid) => CheckUnless(VirErr.NoDomain, Libvirt.DomainLookupByUuid(_connection, uuid));

    internal DomainHandle? TryLookupDomainByName(string name) => CheckUnless(VirErr.NoDomain, Libvirt.DomainLookupByName(_connection, name));

    internal static DomainState GetState(DomainHandle domain)
    {
        Check(Libvirt.DomainGetState(domain, out int state, out _, 0));
        return (DomainState)state;
    }

    internal static string GetXml(DomainHandle domain, uint flags = 0) => Take(Libvirt.DomainGetXml(domain, flags));

    /// <returns>Size of the disk and what it takes of its storage, in bytes.</returns>
    internal static (long CapacityBytes, long AllocatedBytes) GetBlockInfo(DomainHandle domain, string disk)
    {
        Check(Libvirt.DomainGetBlockInfo(domain, disk, out Libvirt.BlockInfo info, 0));
        return ((long)info.Capacity, (long)info.Allocation);
    }

    internal DomainHandle Define(string xml) => Check(Libvirt.DomainDefine(_connection, xml, 0));

    internal static void Undefine(DomainHandle domain, uint flags) => Check(Libvirt.DomainUndefine(domain, flags));

    internal static void Start(DomainHandle domain, uint flags = 0) => Check(Libvirt.DomainCreate(domain, flags));

    internal static void Destroy(DomainHandle domain) => Check(Libvirt.DomainDestroy(domain));

    /// <summary>Asks its guest to shut down; returns at once.</summary>
    internal static void Shutdown(DomainHandle domain) => Check(Libvirt.DomainShutdown(domain));

    internal static void Resume(DomainHandle domain) => Check(Libvirt.DomainResume(domain));

    /// <summary>Whether it stands still because an image could not be written.</summary>
    internal static bool IsPausedByFault(DomainHandle domain)
    {
        Check(Libvirt.DomainGetState(domain, out int state, out int reason, 0));
        return (DomainState)state == DomainState.Paused && reason == Libvirt.PausedByIoError;
    }

    internal static bool IsPersistent(DomainHandle domain) => Check(Libvirt.DomainIsPersistent(domain)) == 1;

    /// <summary>Sets an element of the kept definition's metadata; null removes it.</summary>
    internal static void SetMetadata(DomainHandle domain, string? xml, string prefix, string uri) =>
        Check(Libvirt.DomainSetMetadata(domain, Libvirt.MetadataElement, xml, prefix, uri, Libvirt.AffectConfig));

    // ---- copies of disks

    /// <summary>Begins to copy a disk to an image that is there, and to write what the guest writes to both.</summary>
    internal static void BeginCopy(DomainHandle domain, string disk, string destinationXml) => Check(Libvirt.DomainBlockCopy(
        domain, disk, destinationXml, 0, 0, Libvirt.BlockCopyReuseExternal | Libvirt.BlockCopyTransientJob | Libvirt.BlockCopySynchronousWrites));

    /// <summary>Bytes copied, and in all; null when no copy of this disk goes on.</summary>
    internal static (long DoneBytes, long TotalBytes)? GetCopy(DomainHandle domain, string disk) =>
        Check(Libvirt.DomainGetBlockJobInfo(domain, disk, out Libvirt.BlockJobInfo info, 0)) == 0 ? null : ((long)info.Done, (long)info.Total);

    /// <summary>Ends a copy: the machine goes on with it, or as if it had never been.</summary>
    internal static void EndCopy(DomainHandle domain, string disk, bool pivots) => Check(Libvirt.DomainBlockJobAbort(domain, disk, pivots ? Libvirt.BlockJobAbortPivot : 0));

    // ---- guest agent

    internal static void SetAgentTimeout(DomainHandle domain, int seconds) =>
        Check(Libvirt.DomainAgentSetResponseTimeout(domain, seconds, 0));

    /// <returns>How many file systems were frozen.</returns>
    internal static int Freeze(DomainHandle domain) => Check(Libvirt.DomainFsFreeze(domain, 0, 0, 0));

    internal static int Thaw(DomainHandle domain) => Check(Libvirt.DomainFsThaw(domain, 0, 0, 0));

    internal static string AgentCommand(DomainHandle domain, string json, int timeoutSeconds) =>
        Take(Libvirt.DomainAgentCommand(domain, json, timeoutSeconds, 0));

    // ---- jobs, backup, checkpoints

    internal static bool HasJob(DomainHandle domain)
    {
        Check(Libvirt.DomainGetJobInfo(domain, out Libvirt.JobInfo info));
        return info.Type != 0;
    }

    internal static void AbortJob(DomainHandle domain) => Check(Libvirt.DomainAbortJob(domain));

    internal static void BeginBackup(DomainHandle domain, string backupXml, string? checkpointXml) =>
        Check(Libvirt.DomainBackupBegin(domain, backupXml, checkpointXml, 0));

    /// <summary>The backup job that runs, or null.</summary>
    internal static string? TryGetBackupXml(DomainHandle domain)
    {
        nint xml = Libvirt.DomainBackupGetXml(domain, 0);
        if (xml != 0)
        {
            return Take(xml);
        }

        LibvirtException exception = LibvirtException.Last();
        return exception.Number is VirErr.NoBackup or VirErr.OperationInvalid ? null : throw exception;
    }

    internal static IReadOnlyList<CheckpointHandle> ListCheckpoints(DomainHandle domain)
    {
        int count = Check(Libvirt.ListAllCheckpoints(domain, out nint* items, 0));
        return TakeAll<CheckpointHandle>(items, count);
    }

    internal static CheckpointHandle? TryLookupCheckpoint(DomainHandle domain, string name) =>
        CheckUnless(VirErr.NoCheckpoint, Libvirt.CheckpointLookupByName(domain, name, 0));

    internal static string GetXml(CheckpointHandle checkpoint) => Take(Libvirt.CheckpointGetXml(checkpoint, Libvirt.CheckpointXmlNoDomain));

    internal static void RedefineCheckpoint(DomainHandle domain, string xml) =>
        Check(Libvirt.CheckpointCreate(domain, xml, Libvirt.CheckpointRedefine | Libvirt.CheckpointRedefineValidate)).Dispose();

    internal static void Delete(CheckpointHandle checkpoint, bool metadataOnly) =>
        Check(Libvirt.CheckpointDelete(checkpoint, metadataOnly ? Libvirt.CheckpointDeleteMetadataOnly : 0));

    // ---- snapshots

    internal static SnapshotHandle CreateSnapshot(DomainHandle domain, string xml, uint flags) =>
        Check(Libvirt.SnapshotCreate(domain, xml, flags));

    internal static IReadOnlyList<SnapshotHandle> ListSnapshots(DomainHandle domain)
    {
        int count = Check(Libvirt.ListAllSnapshots(domain, out nint* items, 0));
        return TakeAll<SnapshotHandle>(items, count);
    }

    internal static SnapshotHandle? TryLookupSnapshot(DomainHandle domain, string name) =>
        CheckUnless(VirErr.NoSnapshot, Libvirt.SnapshotLookupByName(domain, name, 0));

    internal static string GetXml(SnapshotHandle snapshot) => Take(Libvirt.SnapshotGetXml(snapshot, 0));

    internal static void Revert(SnapshotHandle snapshot) => Check(Libvirt.SnapshotRevert(snapshot, 0));

    internal static void Delete(SnapshotHandle snapshot, uint flags) => Check(Libvirt.SnapshotDelete(snapshot, flags));

    // ---- storage and networks

    internal IReadOnlyList<PoolHandle> ListActivePools()
    {
        int count = Check(Libvirt.ListAllPools(_connection, out nint* items, Libvirt.ListActive));
        return TakeAll<PoolHandle>(items, count);
    }

    internal PoolHandle LookupPool(string name) => Check(Libvirt.PoolLookupByName(_connection, name));

    internal static string GetXml(PoolHandle pool) => Take(Libvirt.PoolGetXml(pool, 0));

    /// <returns>Size and free space, in bytes.</returns>
    internal static (long CapacityBytes, long AvailableBytes) GetInfo(PoolHandle pool)
    {
        Check(Libvirt.PoolGetInfo(pool, out Libvirt.PoolInfo info));
        return ((long)info.Capacity, (long)info.Available);
    }

    internal static void Refresh(PoolHandle pool) => Check(Libvirt.PoolRefresh(pool, 0));

    internal static IReadOnlyList<VolumeHandle> ListVolumes(PoolHandle pool)
    {
        int count = Check(Libvirt.PoolListAllVolumes(pool, out nint* items, 0));
        return TakeAll<VolumeHandle>(items, count);
    }

    internal static VolumeHandle? TryLookupVolume(PoolHandle pool, string name) =>
        CheckUnless(VirErr.NoVolume, Libvirt.VolumeLookupByName(pool, name));

    internal static VolumeHandle CreateVolume(PoolHandle pool, string xml) => Check(Libvirt.VolumeCreate(pool, xml, 0));

    internal static void Delete(VolumeHandle volume) => Check(Libvirt.VolumeDelete(volume, 0));

    internal static string GetPath(VolumeHandle volume) => Take(Libvirt.VolumeGetPath(volume));

    internal static string GetName(VolumeHandle volume) =>
        // This one belongs to the volume.
        Marshal.PtrToStringUTF8(Libvirt.VolumeGetName(volume)) ?? throw LibvirtException.Last();

    internal IReadOnlyList<NetworkHandle> ListActiveNetworks()
    {
        int count = Check(Libvirt.ListAllNetworks(_connection, out nint* items, Libvirt.ListActive));
        return TakeAll<NetworkHandle>(items, count);
    }

    internal static string GetXml(NetworkHandle network) => Take(Libvirt.NetworkGetXml(network, 0));

    // ---- secrets

    /// <summary>The key of a Ceph user; null when it is not there, or is kept private, or may not be read by us.</summary>
    internal byte[]? TryGetCephKey(string? uuid, string? usage)
    {
        using SecretHandle secret = uuid is not null
            ? Libvirt.SecretLookupByUuid(_connection, uuid)
            : Libvirt.SecretLookupByUsage(_connection, Libvirt.SecretOfCeph, usage ?? "");
        if (secret.IsInvalid)
        {
            return null;
        }

        nint value = Libvirt.SecretGetValue(secret, out nuint size, 0);
        if (value == 0)
        {
            return null;
        }

        try
        {
            return new ReadOnlySpan<byte>((void*)value, checked((int)size)).ToArray();
        }
        finally
        {
            NativeMemory.Clear((void*)value, size);
            NativeMemory.Free((void*)value);
        }
    }

    // ---- errors and memory

    private static int Check(int result) => result >= 0 ? result : throw LibvirtException.Last();

    private static THandle Check<THandle>(THandle handle)
        where THandle : SafeHandle => handle.IsInvalid ? throw LibvirtException.Last() : handle;

    private static THandle? CheckUnless<THandle>(int expected, THandle handle)
        where THandle : SafeHandle
    {
        if (!handle.IsInvalid)
        {
            return handle;
        }

        LibvirtException exception = LibvirtException.Last();
        return exception.Number == expected ? null : throw exception;
    }

    // Texts and arrays that libvirt hands over are freed with the C library's free.
    private static string Take(nint text)
    {
        if (text == 0)
        {
            throw LibvirtException.Last();
        }

        try
        {
            return Marshal.PtrToStringUTF8(text)!;
        }
        finally
        {
            NativeMemory.Free((void*)text);
        }
    }

    private static List<THandle> TakeAll<THandle>(nint* items, int count)
        where THandle : SafeHandle, new()
    {
        var handles = new List<THandle>(count);
        for (int i = 0; i < count; i++)
        {
            var handle = new THandle();
            Marshal.InitHandle(handle, items[i]);
            handles.Add(handle);
        }

        NativeMemory.Free(items);
        return handles;
    }

    private static Version ToVersion(CULong number)
    {
        int value = (int)number.Value;
        return new Version(value / 1_000_000, value / 1000 % 1000, value % 1000);
    }
}

/// <summary><c>virDomainState</c>.</summary>
internal enum DomainState
{
    None = 0,
    Running = 1,
    Blocked = 2,
    Paused = 3,
    Shutdown = 4,
    Off = 5,
    Crashed = 6,
    Suspended = 7,
}
