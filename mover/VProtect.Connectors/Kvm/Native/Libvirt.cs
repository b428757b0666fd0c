using System.Runtime.InteropServices;

namespace VProtect.Connectors.Kvm.Native;

/// <summary>
/// The functions of <c>libvirt.so.0</c> and <c>libvirt-qemu.so.0</c> that we call: raw declarations; <see cref="LibvirtApi"/> gives them types and errors.
/// Numbers and layouts are those of libvirt's public headers, which promise never to change them.
/// </summary>
internal static unsafe partial class Libvirt
{
    internal const uint DomainXmlSecure = 1;
    internal const uint DomainXmlInactive = 2;
    internal const uint DomainStartPaused = 1;
    internal const uint CheckpointXmlNoDomain = 2;
    internal const uint CheckpointRedefine = 1;
    internal const uint CheckpointRedefineValidate = 4;
    internal const uint CheckpointDeleteMetadataOnly = 2;
    internal const uint SnapshotCreateDiskOnly = 1 << 4;
    internal const uint SnapshotCreateAtomic = 1 << 7;
    internal const uint SnapshotDeleteMetadataOnly = 2;
    internal const uint UndefineManagedSave = 1;
    internal const uint UndefineSnapshotsMetadata = 1 << 1;
    internal const uint UndefineNvram = 1 << 2;
    internal const uint UndefineCheckpointsMetadata = 1 << 4;
    internal const uint ListActive = 1 << 1;
    internal const uint BlockCopyReuseExternal = 1 << 1;
    internal const uint BlockCopyTransientJob = 1 << 2;
    internal const uint BlockCopySynchronousWrites = 1 << 3;
    internal const uint BlockJobAbortPivot = 1 << 1;

    /// <summary>VIR_SECRET_USAGE_TYPE_CEPH.</summary>
    internal const int SecretOfCeph = 2;
    internal const int MetadataElement = 2;
    internal const uint AffectConfig = 2;
    internal const int PausedByIoError = 5;
    internal const int AgentTimeoutDefault = -2;
    internal const int EventLifecycle = 0;
    internal const int EventDeviceRemoved = 15;
    internal const int EventDeviceAdded = 19;
    internal const int EventMetadataChange = 23;

    private const string Lib = "libvirt.so.0";
    private const string QemuLib = "libvirt-qemu.so.0";

    // ---- library, errors, event loop

    /// <summary>Whether both libraries are there. What was loaded stays, as it does at the first call.</summary>
    internal static bool IsInstalled => NativeLibrary.TryLoad(Lib, out _) && NativeLibrary.TryLoad(QemuLib, out _);

    [LibraryImport(Lib, EntryPoint = "virInitialize")]
    internal static partial int Initialize();

    [LibraryImport(Lib, EntryPoint = "virSetErrorFunc")]
    internal static partial void SetErrorFunc(nint userData, delegate* unmanaged<nint, nint, void> handler);

    [LibraryImport(Lib, EntryPoint = "virGetLastError")]
    internal static partial VirError* GetLastError();

    [LibraryImport(Lib, EntryPoint = "virEventRegisterDefaultImpl")]
    internal static partial int EventRegisterDefaultImpl();

    [LibraryImport(Lib, EntryPoint = "virEventRunDefaultImpl")]
    internal static partial int EventRunDefaultImpl();

    // ---- connection

    [LibraryImport(Lib, EntryPoint = "virConnectOpenAuth", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ConnectionHandle ConnectOpenAuth(string uri, ConnectAuth* auth, uint flags);

    [LibraryImport(Lib, EntryPoint = "virConnectClose")]
    internal static partial int ConnectClose(nint connection);

    [LibraryImport(Lib, EntryPoint = "virConnectIsAlive")]
    internal static partial int ConnectIsAlive(ConnectionHandle connection);

    [LibraryImport(Lib, EntryPoint = "virConnectSetKeepAlive")]
    internal static partial int ConnectSetKeepAlive(ConnectionHandle connection, int intervalSeconds, uint count);

    [LibraryImport(Lib, EntryPoint = "virConnectGetVersion")]
    internal static partial int ConnectGetVersion(ConnectionHandle connection, out CULong version);

    [LibraryImport(Lib, EntryPoint = "virConnectGetLibVersion")]
    internal static partial int ConnectGetLibVersion(ConnectionHandle connection, out CULong version);

    [LibraryImport(Lib, EntryPoint = "virConnectGetHostname")]
    internal static partial nint ConnectGetHostname(ConnectionHandle connection);

    [LibraryImport(Lib, EntryPoint = "virConnectGetCapabilities")]
    internal static partial nint ConnectGetCapabilities(ConnectionHandle connection);

    [LibraryImport(Lib, EntryPoint = "virConnectDomainEventRegisterAny")]
    internal static partial int DomainEventRegisterAny(
        ConnectionHandle connection, nint domain, int eventId, nint callback, nint opaque, nint freeCallback);

    [LibraryImport(Lib, EntryPoint = "virConnectDomainEventDeregisterAny")]
    internal static partial int DomainEventDeregisterAny(ConnectionHandle connection, int callbackId);

    [LibraryImport(Lib, EntryPoint = "virConnectStoragePoolEventRegisterAny")]
    internal static partial int PoolEventRegisterAny(
        ConnectionHandle connection, nint pool, int eventId, nint callback, nint opaque, nint freeCallback);

    [LibraryImport(Lib, EntryPoint = "virConnectStoragePoolEventDeregisterAny")]
    internal static partial int PoolEventDeregisterAny(ConnectionHandle connection, int callbackId);

    [LibraryImport(Lib, EntryPoint = "virConnectNetworkEventRegisterAny")]
    internal static partial int NetworkEventRegisterAny(
        ConnectionHandle connection, nint network, int eventId, nint callback, nint opaque, nint freeCallback);

    [LibraryImport(Lib, EntryPoint = "virConnectNetworkEventDeregisterAny")]
    internal static partial int NetworkEventDeregisterAny(ConnectionHandle connection, int callbackId);

    // ---- machines

    [LibraryImport(Lib, EntryPoint = "virConnectListAllDomains")]
    internal static partial int ListAllDomains(ConnectionHandle connection, out nint* domains, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainLookupByUUIDString", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainLookupByUuid(ConnectionHandle connection, string uuid);

    [LibraryImport(Lib, EntryPoint = "virDomainLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainLookupByName(ConnectionHandle connection, string name);

    [LibraryImport(Lib, EntryPoint = "virSecretLookupByUUIDString", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SecretHandle SecretLookupByUuid(ConnectionHandle connection, string uuid);

    [LibraryImport(Lib, EntryPoint = "virSecretLookupByUsage", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SecretHandle SecretLookupByUsage(ConnectionHandle connection, int usageType, string usage);

    [LibraryImport(Lib, EntryPoint = "virSecretGetValue")]
    internal static partial nint SecretGetValue(SecretHandle secret, out nuint size, uint flags);

    [LibraryImport(Lib, EntryPoint = "virSecretFree")]
    internal static partial int SecretFree(nint secret);

    [LibraryImport(Lib, EntryPoint = "virDomainFree")]
    internal static partial int DomainFree(nint domain);

    [LibraryImport(Lib, EntryPoint = "virDomainGetState")]
    internal static partial int DomainGetState(DomainHandle domain, out int state, out int reason, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainGetXMLDesc")]
    internal static partial nint DomainGetXml(DomainHandle domain, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainGetBlockInfo", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainGetBlockInfo(DomainHandle domain, string disk, out BlockInfo info, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainDefineXMLFlags", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainDefine(ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainUndefineFlags")]
    internal static partial int DomainUndefine(DomainHandle domain, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainCreateWithFlags")]
    internal static partial int DomainCreate(DomainHandle domain, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainDestroy")]
    internal static partial int DomainDestroy(DomainHandle domain);

    [LibraryImport(Lib, EntryPoint = "virDomainShutdown")]
    internal static partial int DomainShutdown(DomainHandle domain);

    [LibraryImport(Lib, EntryPoint = "virDomainBlockCopy", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainBlockCopy(DomainHandle domain, string disk, string destinationXml, nint parameters, int parameterCount, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainGetBlockJobInfo", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainGetBlockJobInfo(DomainHandle domain, string disk, out BlockJobInfo info, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainBlockJobAbort", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainBlockJobAbort(DomainHandle domain, string disk, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainResume")]
    internal static partial int DomainResume(DomainHandle domain);

    [LibraryImport(Lib, EntryPoint = "virDomainIsPersistent")]
    internal static partial int DomainIsPersistent(DomainHandle domain);

    [LibraryImport(Lib, EntryPoint = "virDomainSetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainSetMetadata(DomainHandle domain, int type, string? metadata, string? key, string? uri, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainFSFreeze")]
    internal static partial int DomainFsFreeze(DomainHandle domain, nint mountPoints, uint count, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainFSThaw")]
    internal static partial int DomainFsThaw(DomainHandle domain, nint mountPoints, uint count, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainAgentSetResponseTimeout")]
    internal static partial int DomainAgentSetResponseTimeout(DomainHandle domain, int timeoutSeconds, uint flags);

    [LibraryImport(QemuLib, EntryPoint = "virDomainQemuAgentCommand", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint DomainAgentCommand(DomainHandle domain, string command, int timeoutSeconds, uint flags);

    // ---- jobs, backup, checkpoints

    [LibraryImport(Lib, EntryPoint = "virDomainGetJobInfo")]
    internal static partial int DomainGetJobInfo(DomainHandle domain, out JobInfo info);

    [LibraryImport(Lib, EntryPoint = "virDomainAbortJob")]
    internal static partial int DomainAbortJob(DomainHandle domain);

    [LibraryImport(Lib, EntryPoint = "virDomainBackupBegin", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainBackupBegin(DomainHandle domain, string backupXml, string? checkpointXml, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainBackupGetXMLDesc")]
    internal static partial nint DomainBackupGetXml(DomainHandle domain, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainListAllCheckpoints")]
    internal static partial int ListAllCheckpoints(DomainHandle domain, out nint* checkpoints, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainCheckpointLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial CheckpointHandle CheckpointLookupByName(DomainHandle domain, string name, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainCheckpointGetXMLDesc")]
    internal static partial nint CheckpointGetXml(CheckpointHandle checkpoint, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainCheckpointCreateXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial CheckpointHandle CheckpointCreate(DomainHandle domain, string xml, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainCheckpointDelete")]
    internal static partial int CheckpointDelete(CheckpointHandle checkpoint, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainCheckpointFree")]
    internal static partial int CheckpointFree(nint checkpoint);

    // ---- snapshots

    [LibraryImport(Lib, EntryPoint = "virDomainSnapshotCreateXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SnapshotHandle SnapshotCreate(DomainHandle domain, string xml, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainListAllSnapshots")]
    internal static partial int ListAllSnapshots(DomainHandle domain, out nint* snapshots, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainSnapshotLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SnapshotHandle SnapshotLookupByName(DomainHandle domain, string name, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainSnapshotGetXMLDesc")]
    internal static partial nint SnapshotGetXml(SnapshotHandle snapshot, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainRevertToSnapshot")]
    internal static partial int SnapshotRevert(SnapshotHandle snapshot, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainSnapshotDelete")]
    internal static partial int SnapshotDelete(SnapshotHandle snapshot, uint flags);

    [LibraryImport(Lib, EntryPoint = "virDomainSnapshotFree")]
    internal static partial int SnapshotFree(nint snapshot);

    // ---- storage

    [LibraryImport(Lib, EntryPoint = "virConnectListAllStoragePools")]
    internal static partial int ListAllPools(ConnectionHandle connection, out nint* pools, uint flags);

    [LibraryImport(Lib, EntryPoint = "virStoragePoolLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial PoolHandle PoolLookupByName(ConnectionHandle connection, string name);

    [LibraryImport(Lib, EntryPoint = "virStoragePoolGetXMLDesc")]
    internal static partial nint PoolGetXml(PoolHandle pool, uint flags);

    [LibraryImport(Lib, EntryPoint = "virStoragePoolGetInfo")]
    internal static partial int PoolGetInfo(PoolHandle pool, out PoolInfo info);

    [LibraryImport(Lib, EntryPoint = "virStoragePoolRefresh")]
    internal static partial int PoolRefresh(PoolHandle pool, uint flags);

    [LibraryImport(Lib, EntryPoint = "virStoragePoolFree")]
    internal static partial int PoolFree(nint pool);

    [LibraryImport(Lib, EntryPoint = "virStoragePoolListAllVolumes")]
    internal static partial int PoolListAllVolumes(PoolHandle pool, out nint* volumes, uint flags);

    [LibraryImport(Lib, EntryPoint = "virStorageVolLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial VolumeHandle VolumeLookupByName(PoolHandle pool, string name);

    [LibraryImport(Lib, EntryPoint = "virStorageVolCreateXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial VolumeHandle VolumeCreate(PoolHandle pool, string xml, uint flags);

    [LibraryImport(Lib, EntryPoint = "virStorageVolDelete")]
    internal static partial int VolumeDelete(VolumeHandle volume, uint flags);

    [LibraryImport(Lib, EntryPoint = "virStorageVolGetPath")]
    internal static partial nint VolumeGetPath(VolumeHandle volume);

    [LibraryImport(Lib, EntryPoint = "virStorageVolGetName")]
    internal static partial nint VolumeGetName(VolumeHandle volume);

    [LibraryImport(Lib, EntryPoint = "virStorageVolFree")]
    internal static partial int VolumeFree(nint volume);

    // ---- networks

    [LibraryImport(Lib, EntryPoint = "virConnectListAllNetworks")]
    internal static partial int ListAllNetworks(ConnectionHandle connection, out nint* networks, uint flags);

    [LibraryImport(Lib, EntryPoint = "virNetworkGetXMLDesc")]
    internal static partial nint NetworkGetXml(NetworkHandle network, uint flags);

    [LibraryImport(Lib, EntryPoint = "virNetworkFree")]
    internal static partial int NetworkFree(nint network);

    /// <summary>The head of <c>struct _virError</c>; more follows.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct VirError
    {
        internal int Code;
        internal int Domain;
        internal byte* Message;
    }

    /// <summary><c>virDomainBlockInfo</c>, bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BlockInfo
    {
        internal ulong Capacity;
        internal ulong Allocation;
        internal ulong Physical;
    }

    /// <summary><c>virDomainBlockJobInfo</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BlockJobInfo
    {
        internal int Type;
        internal CULong Bandwidth;
        internal ulong Done;
        internal ulong Total;
    }

    /// <summary><c>virStoragePoolInfo</c>, bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PoolInfo
    {
        internal int State;
        internal ulong Capacity;
        internal ulong Allocation;
        internal ulong Available;
    }

    /// <summary><c>virDomainJobInfo</c>: only its type counts here.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct JobInfo
    {
        internal int Type;
        internal fixed ulong Figures[11];
    }

    /// <summary><c>virConnectAuth</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ConnectAuth
    {
        internal int* CredentialTypes;
        internal uint CredentialTypeCount;
        internal delegate* unmanaged<Credential*, uint, nint, int> Callback;
        internal nint CallbackData;
    }

    /// <summary><c>virConnectCredential</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Credential
    {
        internal int Type;
        internal byte* Prompt;
        internal byte* Challenge;
        internal byte* DefaultResult;
        internal byte* Result;
        internal uint ResultLength;
    }
}
