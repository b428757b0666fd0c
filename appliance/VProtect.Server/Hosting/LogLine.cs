using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace VProtect.Server.Hosting;

/// <summary>
/// An event of the log as a JSON object on one line. Members are only ever added.
/// <code>
/// time       UTC, ISO 8601 with milliseconds         template   message before its arguments were put in
/// level      Trace … Critical                         args       arguments by name: numbers and truth as such, all else text
/// category   type that logs                           scope      what it happened in, by name: Task, Machine, RequestPath …
/// event      number, unique in the program            trace      W3C trace id, span the span's; where there is one
/// message    for people                               exception  with its frames
/// </code>
/// </summary>
internal static class LogLine
{
    /// <summary>How times are written.</summary>
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The line, without its end.</summary>
    public static string Of<TState>(
        DateTimeOffset at, LogLevel level, string category, EventId eventId, string message, TState state, Exception? exception, IExternalScopeProvider scopes)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", at.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteString("level", level.ToString());
            json.WriteString("category", category);
            json.WriteNumber("event", eventId.Id);
            json.WriteString("message", message);
            (string? template, IReadOnlyList<KeyValuePair<string, object?>> named) = LogArguments.Of(state);
            if (template is not null)
            {
                json.WriteString("template", template);
            }

            WriteNamed(json, "args", named);
            WriteNamed(json, "scope", LogArguments.Scope(scopes));
            if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
            {
                json.WriteString("trace", activity.TraceId.ToHexString());
                json.WriteString("span", activity.SpanId.ToHexString());
            }

            if (exception is not null)
            {
                json.WriteString("exception", exception.ToString());
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteNamed(Utf8JsonWriter json, string member, IReadOnlyCollection<KeyValuePair<string, object?>> named)
    {
        if (named.Count > 0)
        {
            json.WriteStartObject(member);
            foreach ((string name, object? value) in named)
            {
                Write(json, name, value);
            }

            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, string name, object? value)
    {
        json.WritePropertyName(name);
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case byte or sbyte or short or ushort or int or uint or long:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case DateTimeOffset moment:
                json.WriteStringValue(moment.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
