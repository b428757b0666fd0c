using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>
/// The changed-block token of a disk whose changes a QEMU dirty bitmap records: kept with the restore point, it names the
/// bitmap that began at that restore point's instant. <c>{"kind":"qemu-bitmap","name":"b0"}</c>
/// </summary>
internal sealed record QemuBitmapToken
{
    internal const string KindName = "qemu-bitmap";

    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    internal static string Write(string bitmap) => JsonSerializer.Serialize(
        new QemuBitmapToken { Kind = KindName, Name = bitmap }, QemuBitmapTokenJson.Default.QemuBitmapToken);

    /// <summary>The bitmap's name; null when the token is of another kind, of a later version or none at all.</summary>
    internal static string? TryRead(string token)
    {
        try
        {
            return JsonSerializer.Deserialize(token, QemuBitmapTokenJson.Default.QemuBitmapToken) is { Kind: KindName } read
                ? read.Name
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(QemuBitmapToken))]
internal sealed partial class QemuBitmapTokenJson : JsonSerializerContext;
