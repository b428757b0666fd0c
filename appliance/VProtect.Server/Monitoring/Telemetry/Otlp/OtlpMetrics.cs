namespace VProtect.Server.Monitoring.Telemetry.Otlp;

/// <summary>Metrics as OpenTelemetry has them, under the names that <c>/metrics</c> has.</summary>
internal static class OtlpMetrics
{
    private const ulong Cumulative = 2;

    /// <summary>Samples in a request: about 2 MiB.</summary>
    private const int SamplesMax = 10_000;

    /// <summary>Requests that carry them all.</summary>
    /// <param name="resource">Who tells it.</param>
    /// <param name="families">What is told.</param>
    /// <param name="startedAt">Since when counters count.</param>
    /// <param name="at">When it was so.</param>
    public static IEnumerable<byte[]> Requests(
        IReadOnlyList<(string Name, object Value)> resource, IEnumerable<MetricFamily> families, DateTimeOffset startedAt, DateTimeOffset at)
    {
        List<MetricFamily> batch = [];
        int samples = 0;
        foreach (MetricFamily part in families.SelectMany(family => family.Samples.Chunk(SamplesMax).Select(some => family with { Samples = some })))
        {
            if (samples > 0 && samples + part.Samples.Count > SamplesMax)
            {
                yield return Request(resource, batch, startedAt, at);
                batch = [];
                samples = 0;
            }

            batch.Add(part);
            samples += part.Samples.Count;
        }

        if (samples > 0)
        {
            yield return Request(resource, batch, startedAt, at);
        }
    }

    private static byte[] Request(IReadOnlyList<(string Name, object Value)> resource, List<MetricFamily> families, DateTimeOffset startedAt, DateTimeOffset at) =>
        OtlpMessage.Request(resource, scope =>
        {
            foreach (MetricFamily family in families)
            {
                scope.Message(2, metric =>
                {
                    metric.Text(1, family.Name);
                    metric.Text(2, family.Help);
                    metric.Text(3, family.Unit switch { "bytes" => "By", "seconds" => "s", _ => "1" });

                    // 5 gauge, 7 sum
                    metric.Message(family.IsCounter ? 7 : 5, data =>
                    {
                        foreach (MetricSample sample in family.Samples)
                        {
                            data.Message(1, point => Write(point, sample, family.IsCounter ? startedAt : null, at));
                        }

                        if (family.IsCounter)
                        {
                            data.Varint(2, Cumulative);
                            data.Varint(3, 1);
                        }
                    });
                });
            }
        });

    private static void Write(ProtobufWriter point, MetricSample sample, DateTimeOffset? since, DateTimeOffset at)
    {
        if (since is { } start)
        {
            point.Fixed64(2, OtlpMessage.Nanoseconds(start));
        }

        point.Fixed64(3, OtlpMessage.Nanoseconds(at));
        point.Double(4, sample.Value);
        OtlpMessage.Attributes(point, 7, sample.Labels.Select(label => (label.Name, (object)label.Value)));
    }
}
