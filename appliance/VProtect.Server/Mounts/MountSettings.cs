using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Mounts;

namespace VProtect.Server.Mounts;

/// <summary>What was asked of a mount, and where it is served. Kept with its row as JSON; names are stored and only grow.</summary>
internal sealed record MountSettings
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>Disks, by their ids in the restore point; null for all.</summary>
    public IReadOnlyList<string>? Disks { get; init; }

    /// <summary>Whether clients may write.</summary>
    public bool IsWritable { get; init; }

    /// <summary>iSCSI: the credential that initiators must know; null for none.</summary>
    public Guid? Chap { get; init; }

    /// <summary>iSCSI: the credential that the target shows; null for none.</summary>
    public Guid? MutualChap { get; init; }

    /// <summary>NBD: over TLS alone.</summary>
    public bool IsTls { get; init; }

    /// <summary>NBD over TLS: PEM of the authorities whose certificates clients must show; null for none.</summary>
    public string? TlsClientAuthorities { get; init; }

    /// <summary>IP address and port, once it was served: it has them again after a restart.</summary>
    public string? EndPoint { get; init; }

    /// <summary>The disks, once they were served.</summary>
    public IReadOnlyList<MountedDiskResult>? Served { get; init; }

    /// <summary>The machine that runs on it; null for none.</summary>
    public BootSettings? Boot { get; init; }

    public static MountSettings Of(Mount mount) => Of(mount.Settings);

    public static MountSettings Of(string settings) => JsonSerializer.Deserialize<MountSettings>(settings, Json)!;

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>A machine that runs on a mount; its identity on the platform is the mount's.</summary>
/// <param name="Source">The manager, or the host that stands alone.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsIsolated">Whether its network cards are unplugged.</param>
/// <param name="Networks">Networks, by the platform's id and the position of the card.</param>
internal sealed record BootSettings(Guid Source, string Name, bool IsIsolated, IReadOnlyDictionary<int, string>? Networks);
