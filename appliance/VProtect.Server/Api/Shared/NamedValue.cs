using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Server.Api.Shared;

/// <summary>A value of an open set, such as a platform, written as enumerations are; in requests the name alone is enough.</summary>
/// <param name="Name">Its name, upper case.</param>
[JsonConverter(typeof(NamedValueConverter))]
internal sealed record NamedValue(string Name)
{
    public static NamedValue? Of(string? name) => name is null ? null : new NamedValue(name);
}

/// <summary>How open values are read and written.</summary>
internal sealed class NamedValueConverter : JsonConverter<NamedValue>
{
    public override NamedValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new NamedValue(reader.GetString()!);
        }

        if (reader.TokenType == JsonTokenType.StartObject)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.TryGetProperty("name", out JsonElement value) && value.ValueKind == JsonValueKind.String)
            {
                return new NamedValue(value.GetString()!);
            }
        }

        throw new JsonException("It must be a name: {\"name\": \"...\"}.");
    }

    public override void Write(Utf8JsonWriter writer, NamedValue value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("name", value.Name);
        writer.WriteString("description", value.Name);
        writer.WriteEndObject();
    }
}
