using System.Text.Json;
using System.Text.Json.Serialization;

namespace VProtect.Server.Api.Shared;

/// <summary>Times are Unix milliseconds.</summary>
internal sealed class UnixTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long milliseconds) && Math.Abs(milliseconds) < 253_402_300_799_999)
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(milliseconds, -62_135_596_800_000));
        }

        throw new JsonException("It must be a time in milliseconds since 1970-01-01 UTC.");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteNumberValue(value.ToUnixTimeMilliseconds());
}
