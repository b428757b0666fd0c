using System.Globalization;
using System.Text;

namespace VProtect.Server.Monitoring;

/// <summary>
/// Writes OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/). Families are written whole, one after the other. Used by one thread.
/// </summary>
internal sealed class MetricsText
{
    public const string ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>A family of values that go up and down.</summary>
    /// <param name="name">Its name, with its unit at the end.</param>
    /// <param name="help">What it tells.</param>
    /// <param name="samples">Values with their labels.</param>
    public void Gauge(string name, string help, params IEnumerable<(double Value, (string Name, string Value)[] Labels)> samples) =>
        Family(name, "gauge", help, suffix: "", samples);

    /// <summary>A family of values that only go up.</summary>
    public void Counter(string name, string help, double value) => Family(name, "counter", help, "_total", [(value, [])]);

    /// <summary>The document, ended.</summary>
    public override string ToString() => _text + "# EOF\n";

    private void Family(string name, string type, string help, string suffix, IEnumerable<(double Value, (string Name, string Value)[] Labels)> samples)
    {
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        string? unit = name switch
        {
            _ when name.EndsWith("_bytes", StringComparison.Ordinal) => "bytes",
            _ when name.EndsWith("_seconds", StringComparison.Ordinal) => "seconds",
            _ => null,
        };
        if (unit is not null)
        {
            _text.Append("# UNIT ").Append(name).Append(' ').Append(unit).Append('\n');
        }

        _text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(help)).Append('\n');
        foreach ((double value, (string Name, string Value)[] labels) in samples)
        {
            _text.Append(name).Append(suffix);
            if (labels.Length > 0)
            {
                _text.Append('{').AppendJoin(',', labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\"")).Append('}');
            }

            _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
