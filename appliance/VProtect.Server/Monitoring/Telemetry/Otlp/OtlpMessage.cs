using System.Globalization;

namespace VProtect.Server.Monitoring.Telemetry.Otlp;

/// <summary>
/// What the messages of OpenTelemetry's protocol (https://opentelemetry.io/docs/specs/otlp/) have in common, whatever they carry. Numbers of fields are those of
/// opentelemetry-proto 1.x, where they are frozen.
/// <code>
/// Export…ServiceRequest   1 Resource…     1 Resource   1 attributes
///                                         2 Scope…     1 scope (1 name, 2 version)   2 what is carried
/// KeyValue                1 key   2 value   AnyValue   1 text  2 truth  3 whole number  4 number
/// </code>
/// </summary>
internal static class OtlpMessage
{
    private const string ScopeName = "vprotect";

    /// <summary>A request.</summary>
    /// <param name="resource">Who tells it.</param>
    /// <param name="write">Writes what is carried, each as field 2 of the scope.</param>
    public static byte[] Request(IReadOnlyList<(string Name, object Value)> resource, Action<ProtobufWriter> write)
    {
        var request = new ProtobufWriter();
        request.Message(1, group =>
        {
            group.Message(1, message => Attributes(message, 1, resource));
            group.Message(2, scoped =>
            {
                scoped.Message(1, scope =>
                {
                    scope.Text(1, ScopeName);
                    scope.Text(2, Version);
                });
                write(scoped);
            });
        });
        return request.ToArray();
    }

    /// <summary>The version that runs.</summary>
    public static string Version { get; } = typeof(OtlpMessage).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Attributes, each as a field of this number. A value is text unless it is a number or a truth.</summary>
    public static void Attributes(ProtobufWriter writer, int field, IEnumerable<(string Name, object Value)> attributes)
    {
        foreach ((string name, object value) in attributes)
        {
            writer.Message(field, pair =>
            {
                pair.Text(1, name);
                pair.Message(2, any => Any(any, value));
            });
        }
    }

    /// <summary>A value of any kind.</summary>
    public static void Any(ProtobufWriter writer, object value)
    {
        switch (value)
        {
            case bool truth:
                writer.Varint(2, truth ? 1UL : 0);
                break;
            case byte or sbyte or short or ushort or int or uint or long:
                writer.Varint(3, unchecked((ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture)));
                break;
            case double number:
                writer.Double(4, number);
                break;
            default:
                writer.Text(1, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                break;
        }
    }

    /// <summary>Nanoseconds since 1970.</summary>
    public static ulong Nanoseconds(DateTimeOffset at) => (ulong)Math.Max(0, (at - DateTimeOffset.UnixEpoch).Ticks) * TimeSpan.NanosecondsPerTick;
}
