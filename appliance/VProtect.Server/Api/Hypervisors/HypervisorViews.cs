using System.Text.Json;
using VProtect.Catalog.Inventory;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Hypervisors;

/// <summary>A host as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Host">Name or address.</param>
/// <param name="Type">Its platform.</param>
/// <param name="User">Login; its password is never told.</param>
/// <param name="Credential">Credential that holds the login.</param>
/// <param name="SshKeyPath">Path of a private key on the node.</param>
/// <param name="Node">A node that talks to it.</param>
/// <param name="NodeConfig">Settings of the nodes that may talk to it; null for all nodes.</param>
/// <param name="VmCount">Machines on it.</param>
/// <param name="VmExportImportMode">How disks are read, as its connector names it.</param>
/// <param name="TransferNicAddress">Address for data when it differs.</param>
/// <param name="DataCenterName">Data centre on the platform.</param>
/// <param name="Cluster">Its cluster.</param>
/// <param name="HvManager">Its manager; null when it stands alone.</param>
/// <param name="StorageType">Kind of its storage, as its connector names it.</param>
/// <param name="Settings">Settings of its connector, by name.</param>
/// <param name="State">Whether it was reached.</param>
/// <param name="StateInfo">Why not.</param>
/// <param name="LastSeen">When it was last reached.</param>
/// <param name="Present">Whether its manager still has it.</param>
internal sealed record HypervisorView(
    Guid Guid, string Name, string Host, NamedValue Type, string? User, NameAndGuid? Credential, string? SshKeyPath, NameAndGuid? Node, NameAndGuid? NodeConfig,
    long VmCount, NamedValue? VmExportImportMode, string? TransferNicAddress, string? DataCenterName, NameAndGuid? Cluster, NameAndGuid? HvManager,
    NamedValue? StorageType, IReadOnlyDictionary<string, JsonElement> Settings, ConnectionState State, string? StateInfo, DateTimeOffset? LastSeen, bool Present);

/// <summary>A host as clients write it; what is missing stays as it is, an empty text clears.</summary>
/// <param name="Name">Name shown to people; the host when a new one does not say.</param>
/// <param name="Host">Name or address.</param>
/// <param name="Type">Its platform.</param>
/// <param name="User">Login; kept in a credential of its own.</param>
/// <param name="Password">Write only; missing keeps the one that is stored.</param>
/// <param name="Credential">A credential in place of user and password.</param>
/// <param name="SshKeyPath">Path of a private key on the node.</param>
/// <param name="Node">A node that is to talk to it: the nodes with its settings do.</param>
/// <param name="NodeConfig">Settings of the nodes that may talk to it.</param>
/// <param name="VmExportImportMode">How disks are read, as its connector names it.</param>
/// <param name="TransferNicAddress">Address for data when it differs.</param>
/// <param name="DataCenterName">Data centre.</param>
/// <param name="StorageType">Kind of its storage, as its connector names it.</param>
/// <param name="Settings">Settings of its connector, by name, without secrets; replaces all.</param>
internal sealed record HypervisorRequest(
    string? Name, string? Host, NamedValue? Type, string? User, string? Password, NameAndGuid? Credential, string? SshKeyPath, NameAndGuid? Node,
    NameAndGuid? NodeConfig, NamedValue? VmExportImportMode, string? TransferNicAddress, string? DataCenterName, NamedValue? StorageType,
    IReadOnlyDictionary<string, JsonElement>? Settings);

/// <summary>A management end point of a platform as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Url">Address of its API.</param>
/// <param name="Type">Its platform.</param>
/// <param name="User">Login; its password is never told.</param>
/// <param name="Credential">Credential that holds the login.</param>
/// <param name="Node">A node that talks to it.</param>
/// <param name="NodeConfig">Settings of the nodes that may talk to it; null for all nodes.</param>
/// <param name="VmCount">Machines that it has.</param>
/// <param name="Settings">Settings of its connector, by name.</param>
/// <param name="State">Whether it was reached.</param>
/// <param name="StateInfo">Why not.</param>
/// <param name="LastSeen">When it was last reached.</param>
/// <param name="LastSync">When its inventory was last read.</param>
internal sealed record ManagerView(
    Guid Guid, string Name, string Url, NamedValue Type, string? User, NameAndGuid? Credential, NameAndGuid? Node, NameAndGuid? NodeConfig, long VmCount,
    IReadOnlyDictionary<string, JsonElement> Settings, ConnectionState State, string? StateInfo, DateTimeOffset? LastSeen, DateTimeOffset? LastSync);

/// <summary>A management end point as clients write it; what is missing stays as it is, an empty text clears.</summary>
/// <param name="Name">Name shown to people; the address when a new one does not say.</param>
/// <param name="Url">Address of its API.</param>
/// <param name="Type">Its platform.</param>
/// <param name="User">Login; kept in a credential of its own.</param>
/// <param name="Password">Write only; missing keeps the one that is stored.</param>
/// <param name="Credential">A credential in place of user and password.</param>
/// <param name="Node">A node that is to talk to it: the nodes with its settings do.</param>
/// <param name="NodeConfig">Settings of the nodes that may talk to it.</param>
/// <param name="Settings">Settings of its connector, by name, without secrets; replaces all.</param>
internal sealed record ManagerRequest(
    string? Name, string? Url, NamedValue? Type, string? User, string? Password, NameAndGuid? Credential, NameAndGuid? Node, NameAndGuid? NodeConfig,
    IReadOnlyDictionary<string, JsonElement>? Settings);

/// <summary>Whether a platform can be used, as a node found it just now.</summary>
/// <param name="Usable">Whether it can.</param>
/// <param name="Product">Product and version.</param>
/// <param name="Findings">What is amiss.</param>
internal sealed record CheckView(bool Usable, string? Product, IReadOnlyList<string> Findings);

/// <summary>Hosts that share machines.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name on the platform.</param>
/// <param name="Uuid">Identity on the platform.</param>
/// <param name="HvManager">Its manager.</param>
/// <param name="DataCenterName">Data centre on the platform.</param>
/// <param name="Present">Whether the platform still has it.</param>
internal sealed record ClusterView(Guid Guid, string Name, string Uuid, NameAndGuid HvManager, string? DataCenterName, bool Present);

/// <summary>A place for disks on a platform.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name on the platform.</param>
/// <param name="Uuid">Identity on the platform.</param>
/// <param name="HvManager">Its manager.</param>
/// <param name="Hypervisor">Its host when it is local.</param>
/// <param name="Type">Kind, as the platform names it.</param>
/// <param name="TotalSpace">Size, bytes.</param>
/// <param name="AvailableSpace">Free, bytes.</param>
/// <param name="Present">Whether the platform still has it.</param>
internal sealed record StorageView(
    Guid Guid, string Name, string Uuid, NameAndGuid? HvManager, NameAndGuid? Hypervisor, string? Type, long? TotalSpace, long? AvailableSpace, bool Present);

/// <summary>A network that machines can join.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name on the platform.</param>
/// <param name="Uuid">Identity on the platform.</param>
/// <param name="HvManager">Its manager.</param>
/// <param name="Hypervisor">Its host when it is local.</param>
/// <param name="Shared">Whether all projects may use it.</param>
/// <param name="Vlan">VLAN number.</param>
/// <param name="Present">Whether the platform still has it.</param>
internal sealed record NetworkView(
    Guid Guid, string Name, string Uuid, NameAndGuid? HvManager, NameAndGuid? Hypervisor, bool Shared, int? Vlan, bool Present);

/// <summary>A size of machine that a platform offers.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name on the platform.</param>
/// <param name="Uuid">Identity on the platform.</param>
/// <param name="HvManager">Its manager.</param>
/// <param name="CpuCount">Virtual processors.</param>
/// <param name="Memory">Memory, bytes.</param>
/// <param name="DiskSize">Root disk, bytes.</param>
internal sealed record FlavorView(Guid Guid, string Name, string Uuid, NameAndGuid HvManager, int CpuCount, long Memory, long DiskSize);
