using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Server.Api.Shared;

/// <summary>A reference to another object. In requests the guid alone is enough, as an object or as a text; the name is not looked at.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
[JsonConverter(typeof(NameAndGuidConverter))]
internal sealed record NameAndGuid(Guid Guid, string? Name = null);

/// <summary>How references are read and written.</summary>
internal sealed class NameAndGuidConverter : JsonConverter<NameAndGuid>
{
    public override NameAndGuid Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && reader.TryGetGuid(out Guid alone))
        {
            return new NameAndGuid(alone);
        }

        if (reader.TokenType == JsonTokenType.StartObject)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.TryGetProperty("guid", out JsonElement value) && value.ValueKind == JsonValueKind.String && value.TryGetGuid(out Guid guid))
            {
                return new NameAndGuid(guid);
            }
        }

        throw new JsonException("It must be a reference: {\"guid\": \"...\"}.");
    }

    public override void Write(Utf8JsonWriter writer, NameAndGuid value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("guid", value.Guid);
        writer.WriteString("name", value.Name);
        writer.WriteEndObject();
    }
}
