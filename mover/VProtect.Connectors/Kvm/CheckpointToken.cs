using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// The changed-block token of a disk: names the checkpoint that began at its restore point's instant, and the size the disk had then.
/// <c>{"kind":"kvm-checkpoint","checkpoint":"vprotect-5f0c9a3e-000007","createdAt":1795653550,"sizeBytes":1073741824}</c>
/// </summary>
internal sealed record CheckpointToken
{
    internal const string KindName = "kvm-checkpoint";

    [JsonPropertyName("kind")]
    public string Kind { get; init; } = KindName;

    [JsonPropertyName("checkpoint")]
    public required string Checkpoint { get; init; }

    /// <summary>When the checkpoint was made, in seconds since 1970 by the host's clock: what libvirt wants to know when it is to learn of it again.</summary>
    [JsonPropertyName("createdAt")]
    public required long CreatedAt { get; init; }

    [JsonPropertyName("sizeBytes")]
    public required long SizeBytes { get; init; }

    internal string Write() => JsonSerializer.Serialize(this, CheckpointTokenJson.Default.CheckpointToken);

    /// <summary>The token; null when it is of another kind, or none.</summary>
    internal static CheckpointToken? TryRead(string token)
    {
        try
        {
            return JsonSerializer.Deserialize(token, CheckpointTokenJson.Default.CheckpointToken) is { Kind: KindName } read
                && CheckpointName.TryParse(read.Checkpoint) is not null
                    ? read
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(CheckpointToken))]
internal sealed partial class CheckpointTokenJson : JsonSerializerContext;
