using System.Diagnostics;

namespace VProtect.Server.Monitoring.Telemetry.Otlp;

/// <summary>Lines of a log as OpenTelemetry has them.</summary>
internal static class OtlpLogs
{
    /// <summary>Characters of a message or an exception; what is longer is cut.</summary>
    private const int TextMax = 8192;

    /// <summary>Characters of an argument.</summary>
    private const int ArgumentMax = 1024;

    /// <summary>A request that carries records.</summary>
    public static byte[] Request(IReadOnlyList<(string Name, object Value)> resource, IEnumerable<byte[]> records) => OtlpMessage.Request(resource, scope =>
    {
        foreach (byte[] record in records)
        {
            scope.Bytes(2, record);
        }
    });

    /// <summary>A record of a line.</summary>
    public static byte[] Record(
        DateTimeOffset at, LogLevel level, string category, EventId eventId, string message, IEnumerable<KeyValuePair<string, object?>> arguments, Exception? exception)
    {
        var record = new ProtobufWriter();
        record.Fixed64(1, OtlpMessage.Nanoseconds(at));
        record.Varint(2, level switch { LogLevel.Trace => 1, LogLevel.Debug => 5, LogLevel.Information => 9, LogLevel.Warning => 13, LogLevel.Error => 17, _ => 21 });
        record.Text(3, level.ToString());
        record.Message(5, body => body.Text(1, Cut(message, TextMax)));
        List<(string, object)> attributes = [("log.category", category), ("log.event", eventId.Id)];
        attributes.AddRange(arguments.Where(pair => pair.Value is not null).Select(pair => (pair.Key, pair.Value is string text ? Cut(text, ArgumentMax) : pair.Value!)));
        if (exception is not null)
        {
            attributes.Add(("exception.type", exception.GetType().FullName!));
            attributes.Add(("exception.message", Cut(exception.Message, TextMax)));
            attributes.Add(("exception.stacktrace", Cut(exception.ToString(), TextMax)));
        }

        OtlpMessage.Attributes(record, 6, attributes);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            record.Bytes(9, Convert.FromHexString(activity.TraceId.ToHexString()));
            record.Bytes(10, Convert.FromHexString(activity.SpanId.ToHexString()));
        }

        record.Fixed64(11, OtlpMessage.Nanoseconds(at));
        return record.ToArray();
    }

    private static string Cut(string text, int charactersMax) => text.Length <= charactersMax ? text : text[..charactersMax] + "…";
}
