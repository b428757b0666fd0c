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

    /// <summary>IP address and port, once it was served: it has them again after a restart.</summary>
    public string? EndPoint { get; init; }

    /// <summary>The disks, once they were served.</summary>
    public IReadOnlyList<MountedDiskResult>? Served { get; init; }

    public static MountSettings Of(Mount mount) => JsonSerializer.Deserialize<MountSettings>(mount.Settings, Json)!;

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}
