using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Connectors.Kvm.Rbd;

/// <summary>
/// The changed-block token of a disk in a Ceph cluster: names the snapshot that was made at or just before the restore point's instant, and the size the disk had.
/// <c>{"kind":"rbd-snapshot","image":"vms/web01","snapshot":"vprotect-5f0c9a3e-000007","sizeBytes":1073741824}</c>
/// </summary>
internal sealed record RbdToken
{
    internal const string KindName = "rbd-snapshot";

    [JsonPropertyName("kind")]
    public string Kind { get; init; } = KindName;

    [JsonPropertyName("image")]
    public required string Image { get; init; }

    [JsonPropertyName("snapshot")]
    public required string Snapshot { get; init; }

    [JsonPropertyName("sizeBytes")]
    public required long SizeBytes { get; init; }

    internal string Write() => JsonSerializer.Serialize(this, RbdJson.Default.RbdToken);

    /// <summary>The token; null when it is of another kind, or none.</summary>
    internal static RbdToken? TryRead(string token)
    {
        try
        {
            return JsonSerializer.Deserialize(token, RbdJson.Default.RbdToken) is { Kind: KindName } read && CheckpointName.TryParse(read.Snapshot) is not null ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What <c>rbd info</c> tells.</summary>
internal sealed record RbdInfo([property: JsonPropertyName("size")] long SizeBytes, [property: JsonPropertyName("features")] IReadOnlyList<string> Features);

/// <summary>A line of <c>rbd snap ls</c>.</summary>
internal sealed record RbdSnapshot([property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("size")] long SizeBytes);

/// <summary>A range of <c>rbd diff</c>.</summary>
internal sealed record RbdRange([property: JsonPropertyName("offset")] long OffsetBytes, [property: JsonPropertyName("length")] long LengthBytes);

[JsonSerializable(typeof(RbdToken))]
[JsonSerializable(typeof(RbdInfo))]
[JsonSerializable(typeof(List<RbdSnapshot>))]
[JsonSerializable(typeof(List<RbdRange>))]
internal sealed partial class RbdJson : JsonSerializerContext;
