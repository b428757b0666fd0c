using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Api.Shared;

/// <summary>Enumerations as clients know them: <c>{"name": "FULL", "description": "Full"}</c> out; that or the name alone in.</summary>
internal sealed class EnumValueConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert))!;

    private sealed class Of<TEnum> : JsonConverter<TEnum>
        where TEnum : struct, Enum
    {
        public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            string? name = null;
            if (reader.TokenType == JsonTokenType.String)
            {
                name = reader.GetString();
            }
            else if (reader.TokenType == JsonTokenType.StartObject)
            {
                using var document = JsonDocument.ParseValue(ref reader);
                name = document.RootElement.TryGetProperty("name", out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            }

            return name is not null && ApiName.TryParse(name, out TEnum parsed)
                ? parsed
                : throw new JsonException($"It may be one of: {string.Join(", ", Enum.GetValues<TEnum>().Select(ApiName.Of))}.");
        }

        public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options)
        {
            string name = ApiName.Of(value);
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("description", name[0] + name[1..].Replace('_', ' ').ToLowerInvariant());
            writer.WriteEndObject();
        }
    }
}
