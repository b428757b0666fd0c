using System.Text;
using System.Text.Json;
using VProtect.Catalog;
using VProtect.Catalog.Settings;
using VProtect.Server.Access;

namespace VProtect.Server.Monitoring.Telemetry;

/// <summary>Where telemetry is sent, and what; stored as the setting <c>telemetry</c>.</summary>
internal sealed record TelemetrySettings
{
    /// <summary>Key in the catalog's settings, and purpose by which the headers are sealed.</summary>
    public const string Key = "telemetry";

    /// <summary>Whether anything is sent.</summary>
    public bool Active { get; init; }

    /// <summary>Base address of a receiver of OTLP over HTTP, <c>https://collector.example.org:4318</c>; <c>/v1/metrics</c>, <c>/v1/traces</c> and <c>/v1/logs</c> are put behind it.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Certificates (PEM) of authorities that vouch for it; empty for those of this machine.</summary>
    public string Authorities { get; init; } = "";

    /// <summary>Names and values of headers that are sent along, a JSON object, sealed; null for none.</summary>
    public byte[]? SealedHeaders { get; init; }

    /// <summary>Metrics are sent this often, ms; default 1 min, 10 s to 1 h. What else is sent goes within seconds.</summary>
    public long MetricsInterval { get; init; } = 60_000;

    /// <summary>Whether metrics are sent.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Whether a span is sent of each task that has ended.</summary>
    public bool Traces { get; init; } = true;

    /// <summary>Whether the log is sent.</summary>
    public bool Logs { get; init; } = true;

    /// <summary>The settings in the catalog; those of nothing when there are none.</summary>
    public static async Task<(TelemetrySettings Settings, long Version)> ReadAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        Setting? stored = await session.Settings.FindAsync(Key, cancellationToken);
        return stored is null ? (new TelemetrySettings(), 0) : (JsonSerializer.Deserialize<TelemetrySettings>(stored.Value)!, stored.Version);
    }

    /// <summary>These settings with other headers.</summary>
    public TelemetrySettings WithHeaders(IReadOnlyDictionary<string, string> headers, SecretBox box) =>
        this with { SealedHeaders = headers.Count == 0 ? null : box.Seal(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(headers)), Key) };

    /// <summary>The headers.</summary>
    /// <exception cref="Abstractions.VProtectException"><see cref="Abstractions.ErrorCode.SecretUnreadable"/>.</exception>
    public IReadOnlyDictionary<string, string> Headers(SecretBox box) =>
        SealedHeaders is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize<Dictionary<string, string>>(box.Unseal(SealedHeaders, Key))!;
}
