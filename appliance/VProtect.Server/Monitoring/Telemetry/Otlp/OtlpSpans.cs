namespace VProtect.Server.Monitoring.Telemetry.Otlp;

/// <summary>Something that happened during a span.</summary>
internal sealed record OtlpEvent(DateTimeOffset At, string Name, IReadOnlyList<(string Name, object Value)> Attributes);

/// <summary>A piece of work that has ended.</summary>
internal sealed record OtlpSpan
{
    /// <summary>What it is a part of.</summary>
    public required Guid Trace { get; init; }

    /// <summary>Itself.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it followed from; null when from nothing else.</summary>
    public Guid? Parent { get; init; }

    /// <summary>Kind of work.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset Start { get; init; }

    public required DateTimeOffset End { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Failure { get; init; }

    public IReadOnlyList<(string Name, object Value)> Attributes { get; init; } = [];

    public IReadOnlyList<OtlpEvent> Events { get; init; } = [];

    /// <summary>Events that are left out.</summary>
    public int EventsLeftOut { get; init; }
}

/// <summary>Spans as OpenTelemetry has them. Ids are made of guids, so that one that is told twice is the same.</summary>
internal static class OtlpSpans
{
    private const ulong Internal = 1;
    private const ulong Error = 2;

    /// <summary>A request that carries them.</summary>
    public static byte[] Request(IReadOnlyList<(string Name, object Value)> resource, IEnumerable<OtlpSpan> spans) => OtlpMessage.Request(resource, scope =>
    {
        foreach (OtlpSpan span in spans)
        {
            scope.Message(2, message => Write(message, span));
        }
    });

    /// <summary>Id of a span: the last eight bytes of the guid, which are random.</summary>
    public static byte[] IdOf(Guid guid) => guid.ToByteArray(bigEndian: true)[8..];

    private static void Write(ProtobufWriter message, OtlpSpan span)
    {
        message.Bytes(1, span.Trace.ToByteArray(bigEndian: true));
        message.Bytes(2, IdOf(span.Id));
        if (span.Parent is { } parent)
        {
            message.Bytes(4, IdOf(parent));
        }

        message.Text(5, span.Name);
        message.Varint(6, Internal);
        message.Fixed64(7, OtlpMessage.Nanoseconds(span.Start));
        message.Fixed64(8, OtlpMessage.Nanoseconds(span.End));
        OtlpMessage.Attributes(message, 9, span.Attributes);
        foreach (OtlpEvent happened in span.Events)
        {
            message.Message(11, inner =>
            {
                inner.Fixed64(1, OtlpMessage.Nanoseconds(happened.At));
                inner.Text(2, happened.Name);
                OtlpMessage.Attributes(inner, 3, happened.Attributes);
            });
        }

        if (span.EventsLeftOut > 0)
        {
            message.Varint(12, (ulong)span.EventsLeftOut);
        }

        if (span.Failure is { } failure)
        {
            message.Message(15, status =>
            {
                status.Text(2, failure);
                status.Varint(3, Error);
            });
        }
    }
}
