using System.Globalization;
using System.Text;

namespace VProtect.Server.Monitoring;

/// <summary>OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/). Families are written whole, one after the other.</summary>
internal static class MetricsText
{
    public const string ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// <summary>The document.</summary>
    public static string Of(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder();
        foreach (MetricFamily family in families)
        {
            Write(text, family);
        }

        return text.Append("# EOF\n").ToString();
    }

    private static void Write(StringBuilder text, MetricFamily family)
    {
        string name = family.Name;
        text.Append("# TYPE ").Append(name).Append(family.IsCounter ? " counter\n" : " gauge\n");
        if (family.Unit is { } unit)
        {
            text.Append("# UNIT ").Append(name).Append(' ').Append(unit).Append('\n');
        }

        text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(family.Help)).Append('\n');
        foreach (MetricSample sample in family.Samples)
        {
            text.Append(name).Append(family.IsCounter ? "_total" : "");
            if (sample.Labels.Length > 0)
            {
                text.Append('{').AppendJoin(',', sample.Labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\"")).Append('}');
            }

            text.Append(' ').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
