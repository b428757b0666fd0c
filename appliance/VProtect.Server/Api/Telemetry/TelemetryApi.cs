using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Monitoring.Telemetry;

namespace VProtect.Server.Api.Telemetry;

/// <summary>Where telemetry (OTLP) is sent, and how that goes.</summary>
/// <param name="Active">Whether anything is sent.</param>
/// <param name="Endpoint">Base address of the receiver.</param>
/// <param name="Authorities">Certificates (PEM) of authorities that vouch for it; empty for those of the appliance's operating system.</param>
/// <param name="HasHeaders">Whether headers are sent along; names and values are told to nobody.</param>
/// <param name="MetricsInterval">Metrics are sent this often, ms.</param>
/// <param name="Metrics">Whether metrics are sent.</param>
/// <param name="Traces">Whether a span is sent of each task that has ended.</param>
/// <param name="Logs">Whether the log is sent.</param>
/// <param name="SentAt">When the receiver last took something, since these settings hold or the start; null not yet.</param>
/// <param name="Finding">What is amiss; null when nothing is.</param>
/// <param name="DroppedLogLines">Lines of the log that went unsent since the start, because too many waited.</param>
internal sealed record TelemetryView(
    bool Active, string Endpoint, string Authorities, bool HasHeaders, long MetricsInterval, bool Metrics, bool Traces, bool Logs, DateTimeOffset? SentAt, string? Finding,
    long DroppedLogLines);

/// <summary>The same as clients write it; what is missing stays.</summary>
/// <param name="Active">Whether anything is sent.</param>
/// <param name="Endpoint"><c>https://collector.example.org:4318</c>; <c>http://</c> is good, too, but not for headers, unless it is this machine.</param>
/// <param name="Authorities">Certificates (PEM) of authorities that vouch for it.</param>
/// <param name="Headers">Names and values of all headers that are sent along; write only, and needed again with another address. Empty for none.</param>
/// <param name="MetricsInterval">Metrics are sent this often, ms; default 1 min, 10 s to 1 h.</param>
/// <param name="Metrics">Whether metrics are sent.</param>
/// <param name="Traces">Whether a span is sent of each task that has ended.</param>
/// <param name="Logs">Whether the log is sent.</param>
internal sealed record TelemetryRequest(
    bool? Active, string? Endpoint, string? Authorities, Dictionary<string, string>? Headers, long? MetricsInterval, bool? Metrics, bool? Traces, bool? Logs);

/// <summary>What a try of the receiver found.</summary>
/// <param name="Works">Whether it takes what is sent.</param>
/// <param name="Finding">What is amiss; null when nothing is.</param>
internal sealed record TelemetryCheck(bool Works, string? Finding);

/// <summary>Settings of telemetry.</summary>
internal static partial class TelemetryApi
{
    private const int TextMax = 1000;
    private const int PemMax = 100_000;
    private const int HeadersMax = 20;
    private const int HeaderValueMax = 8192;
    private const long Second = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder telemetry = api.MapGroup("/telemetry").WithTags("monitoring");
        telemetry.MapGet("", GetAsync).Describe("Gets where telemetry (OTLP) is sent, and how that goes.", Permission.SettingsRead);
        telemetry.MapPut("", UpdateAsync).Describe("Changes where telemetry is sent; holds at once.", Permission.SettingsWrite, 400, 412);
        telemetry.MapPost("/check", CheckAsync).Describe("Tries whether the receiver is reached, trusted, and takes each kind that is sent.", Permission.SettingsWrite);
    }

    private static async Task<Ok<TelemetryView>> GetAsync(
        HttpContext context, CatalogDatabase catalog, TelemetryExport export, TelemetryLog log, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        (TelemetrySettings settings, long version) = await TelemetrySettings.ReadAsync(session, cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(ViewOf(settings, export.State, log));
    }

    private static async Task<Ok<TelemetryView>> UpdateAsync(
        TelemetryRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, TelemetryExport export, TelemetryLog log, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        (TelemetrySettings before, _) = await TelemetrySettings.ReadAsync(transaction, cancellationToken);
        TelemetrySettings settings = Applied(before, request, box);
        long version = await transaction.Settings.SetAsync(TelemetrySettings.Key, JsonSerializer.Serialize(settings), RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "telemetry.update", "telemetry", guid: null, settings.Endpoint, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        export.Follow();
        RowVersion.Tell(context, version);
        return TypedResults.Ok(ViewOf(settings, new TelemetryState(SentAt: null, Finding: null), log));
    }

    private static async Task<Ok<TelemetryCheck>> CheckAsync(CatalogDatabase catalog, TelemetryExport export, CancellationToken cancellationToken)
    {
        TelemetrySettings settings;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            (settings, _) = await TelemetrySettings.ReadAsync(session, cancellationToken);
        }

        string? finding = settings.Endpoint.Length == 0 ? "No receiver is set." : await export.CheckAsync(settings, cancellationToken);
        return TypedResults.Ok(new TelemetryCheck(finding is null, finding));
    }

    private static TelemetrySettings Applied(TelemetrySettings before, TelemetryRequest request, SecretBox box)
    {
        TelemetrySettings settings = before with
        {
            Active = request.Active ?? before.Active,
            Endpoint = request.Endpoint?.Trim() ?? before.Endpoint,
            Authorities = request.Authorities ?? before.Authorities,
            MetricsInterval = request.MetricsInterval ?? before.MetricsInterval,
            Metrics = request.Metrics ?? before.Metrics,
            Traces = request.Traces ?? before.Traces,
            Logs = request.Logs ?? before.Logs,
        };
        if (settings.Endpoint.Length > 0 && !IsEndpoint(settings.Endpoint))
        {
            throw new InvalidFieldException("endpoint", "It is no address of a receiver.", "Write it as https://collector.example.org:4318, without /v1/metrics, user or query.");
        }

        CheckAuthorities(settings.Authorities);
        if (settings.MetricsInterval is < 10 * Second or > 3600 * Second)
        {
            throw new InvalidFieldException("metricsInterval", "It is out of bounds.", "Use 10000 to 3600000 ms.");
        }

        if (request.Headers is { } headers)
        {
            CheckHeaders(headers);
            settings = settings.WithHeaders(headers, box);
        }
        else if (settings.Endpoint != before.Endpoint && before.SealedHeaders is not null)
        {
            throw new InvalidFieldException("headers", "The stored headers belong to another address.", "Send them again, so that they are shown to nobody else; {} for none.");
        }

        if (settings.SealedHeaders is not null && Uri.TryCreate(settings.Endpoint, UriKind.Absolute, out Uri? address) && address is { Scheme: "http", IsLoopback: false })
        {
            throw new InvalidFieldException("endpoint", "Headers would be sent in the clear.", "Write https://, or send no headers: {}.");
        }

        return settings is { Active: true, Endpoint: "" } ? throw new InvalidFieldException("active", "There is no receiver yet.", "Send endpoint.") : settings;
    }

    private static bool IsEndpoint(string endpoint) =>
        endpoint.Length <= TextMax && Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http" && address.Host.Length > 0
        && address.UserInfo.Length == 0 && address.Query.Length == 0 && address.Fragment.Length == 0;

    private static void CheckHeaders(Dictionary<string, string> headers)
    {
        if (headers.Count > HeadersMax)
        {
            throw new InvalidFieldException("headers", "They are too many.", $"Send at most {HeadersMax}.");
        }

        foreach ((string name, string value) in headers)
        {
            if (!HeaderName().IsMatch(name) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || name is "Host" or "Transfer-Encoding" or "Connection")
            {
                throw new InvalidFieldException("headers", "One has a name that cannot be sent.", "Use letters, digits and dashes, as in Authorization; none of HTTP's own.");
            }

            if (value is null or "" || value.Length > HeaderValueMax || !value.All(character => character is >= ' ' and <= '~'))
            {
                throw new InvalidFieldException("headers", $"The value of {name} cannot be sent.", $"Use 1 to {HeaderValueMax} printable characters of ASCII.");
            }
        }
    }

    private static void CheckAuthorities(string pem)
    {
        try
        {
            if (pem.Length > 0)
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPem(pem);
                if (pem.Length > PemMax || authorities.Count == 0)
                {
                    throw new CryptographicException();
                }
            }
        }
        catch (CryptographicException)
        {
            throw new InvalidFieldException("authorities", "They are no certificates.", "Send certificates as PEM, one after the other.");
        }
    }

    private static TelemetryView ViewOf(TelemetrySettings settings, TelemetryState state, TelemetryLog log) => new(
        settings.Active, settings.Endpoint, settings.Authorities, settings.SealedHeaders is not null, settings.MetricsInterval, settings.Metrics, settings.Traces, settings.Logs,
        state.SentAt, state.Finding, log.Dropped);

    [GeneratedRegex("^[A-Za-z0-9-]{1,100}$")]
    private static partial Regex HeaderName();
}
