using System.Net;
using VProtect.Abstractions.Nodes;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View.Iscsi;

/// <summary>A disk of a target.</summary>
/// <param name="Disk">Its bytes; a multiple of 512.</param>
/// <param name="Identity">32 hexadecimal digits: the same for the same bytes, for ever. Serial number and WWID are made of it.</param>
public sealed record IscsiDisk(INbdExport Disk, string Identity);

/// <summary>An iSCSI target.</summary>
public sealed record IscsiTargetOptions
{
    /// <summary>A directory of its own, for sockets and the like; made, and removed when the target ends. Its path is at most 90 bytes.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>Its IQN, lower case.</summary>
    public required string Name { get; init; }

    /// <summary>Where it listens. <see cref="IPAddress.Any"/> and <see cref="IPAddress.IPv6Any"/> both are all addresses of both kinds.</summary>
    public required IPEndPoint Portal { get; init; }

    /// <summary>Logical units 1 and up.</summary>
    public required IReadOnlyList<IscsiDisk> Disks { get; init; }

    /// <summary>Networks that initiators may come from; empty for this machine only, or, with names of initiators, for any. At most <see cref="IscsiAccess.NetworksMax"/>.</summary>
    public IReadOnlyList<IPNetwork> AllowedClients { get; init; } = [];

    /// <summary>Whom it lets in besides.</summary>
    public IscsiAccess Access { get; init; } = new([], null, null);
}
