using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using VProtect.Catalog.Views;
using VProtect.Server.Access;
using VProtect.Server.Api.Settings;
using VProtect.Server.Monitoring.Telemetry.Otlp;
using VProtect.Server.Tasks;

namespace VProtect.Server.Monitoring.Telemetry;

/// <summary>How the sending goes.</summary>
/// <param name="SentAt">When something was last taken by the receiver; null never.</param>
/// <param name="Finding">What is amiss; null when nothing is.</param>
internal sealed record TelemetryState(DateTimeOffset? SentAt, string? Finding);

/// <summary>
/// Sends metrics, spans and the log to a receiver of OTLP while the settings say so; without one it costs nothing. Nobody ever waits for the receiver: metrics are
/// made when they are sent, spans are read from the catalog behind a mark that moves with what was taken, and lines of the log wait in a queue that is bounded
/// (<see cref="TelemetryLog"/>). After a failure it waits a little longer; that it begins to fail, and that it works again, is logged once.
/// </summary>
internal sealed partial class TelemetryExport(
    CatalogDatabase catalog, SecretBox box, TelemetryLog log, LocalNode node, LiveSettings settings, NodeMounts mounts, TimeProvider time, ILogger<TelemetryExport> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EveryAfterFailure = TimeSpan.FromSeconds(10);

    /// <summary>Transactions that have read the clock are committed by then.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _changed = new(0);
    private TelemetryState _state = new(SentAt: null, Finding: null);

    // The loop's own.
    private IReadOnlyList<byte[]> _lines = [];
    private readonly Dictionary<string, string?> _findings = [];
    private long? _metricsAt;
    private (DateTimeOffset At, Guid Guid) _mark;

    /// <summary>How it goes.</summary>
    public TelemetryState State => Volatile.Read(ref _state);

    /// <summary>Makes changed settings hold.</summary>
    public void Follow() => _changed.Release();

    /// <summary>Tries each kind that these settings send; null when the receiver takes all, else what is amiss.</summary>
    public async Task<string?> CheckAsync(TelemetrySettings tried, CancellationToken cancellationToken)
    {
        try
        {
            using OtlpClient client = ClientOf(tried);
            foreach ((string signal, bool isSent) in ((string, bool)[])[("metrics", tried.Metrics), ("traces", tried.Traces), ("logs", tried.Logs)])
            {
                // A request that carries nothing is a good one.
                if (isSent && (await client.SendAsync(signal, OtlpMessage.Request(Resource(), _ => { }), cancellationToken)).Finding is { } finding)
                {
                    return finding;
                }
            }

            return null;
        }
        catch (Exception failure) when (failure is VProtectException or CryptographicException)
        {
            return failure.Message;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Tell("all", failure.Message);
                await _changed.WaitAsync(EveryAfterFailure, stoppingToken);
            }
        }
    }

    /// <summary>Sends by the settings of now, until they change.</summary>
    private async Task RunAsync(CancellationToken stoppingToken)
    {
        TelemetrySettings now;
        await using (CatalogSession session = await catalog.ReadAsync(stoppingToken))
        {
            (now, _) = await TelemetrySettings.ReadAsync(session, stoppingToken);
        }

        log.Switch(now.Active && now.Logs);
        _lines = [];
        _findings.Clear();
        Volatile.Write(ref _state, new TelemetryState(SentAt: null, Finding: null));
        if (!now.Active)
        {
            await _changed.WaitAsync(stoppingToken);
            return;
        }

        _metricsAt = null;
        _mark = (time.GetUtcNow(), Guid.Empty);
        using OtlpClient client = ClientOf(now);
        bool works;
        do
        {
            works = await SendAsync(client, now, stoppingToken);
        }
        while (!await _changed.WaitAsync(works ? Every : EveryAfterFailure, stoppingToken));
    }

    private async Task<bool> SendAsync(OtlpClient client, TelemetrySettings now, CancellationToken cancellationToken)
    {
        // Each by itself: a receiver need not take all kinds.
        IReadOnlyList<(string, object)> resource = Resource();
        bool works = !now.Metrics || await SendMetricsAsync(client, resource, TimeSpan.FromMilliseconds(now.MetricsInterval), cancellationToken);
        works &= !now.Traces || await SendSpansAsync(client, resource, cancellationToken);
        works &= !now.Logs || await SendLinesAsync(client, resource, cancellationToken);
        return works;
    }

    private async Task<bool> SendMetricsAsync(OtlpClient client, IReadOnlyList<(string, object)> resource, TimeSpan interval, CancellationToken cancellationToken)
    {
        if (_metricsAt is { } last && time.GetElapsedTime(last) < interval)
        {
            return true;
        }

        IReadOnlyList<MetricFamily> families;
        DateTimeOffset at = time.GetUtcNow();

        // As /metrics has it, with what appliances that joined tell.
        using (CatalogView.WithOthers())
        {
            await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
            families = await Metrics.ReadAsync(session, mounts, at, cancellationToken);
        }

        using var process = Process.GetCurrentProcess();
        foreach (byte[] request in OtlpMetrics.Requests(resource, families, process.StartTime, at))
        {
            if (!await IsDoneAsync(client, "metrics", request, cancellationToken))
            {
                return false;
            }
        }

        _metricsAt = time.GetTimestamp();
        return true;
    }

    private async Task<bool> SendSpansAsync(OtlpClient client, IReadOnlyList<(string, object)> resource, CancellationToken cancellationToken)
    {
        while (true)
        {
            // A clock that was set back must not keep what ends from now on away.
            DateTimeOffset until = time.GetUtcNow() - Settled;
            _mark = _mark.At > until + Settled ? (until, Guid.Empty) : _mark;
            IReadOnlyList<CatalogTask> ended;
            IReadOnlyList<OtlpSpan> spans;
            await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
            {
                ended = await session.Tasks.EndedBetweenAsync(_mark, until, TaskSpans.TasksMax, cancellationToken);
                spans = await TaskSpans.OfAsync(session, ended, cancellationToken);
            }

            if (ended.Count == 0)
            {
                return true;
            }

            if (!await IsDoneAsync(client, "traces", OtlpSpans.Request(resource, spans), cancellationToken))
            {
                return false;
            }

            _mark = (ended[^1].FinishedAt!.Value, ended[^1].Guid);
        }
    }

    private async Task<bool> SendLinesAsync(OtlpClient client, IReadOnlyList<(string, object)> resource, CancellationToken cancellationToken)
    {
        while (true)
        {
            _lines = _lines.Count > 0 ? _lines : log.Take();
            if (_lines.Count == 0)
            {
                return true;
            }

            if (!await IsDoneAsync(client, "logs", OtlpLogs.Request(resource, _lines), cancellationToken))
            {
                return false;
            }

            _lines = [];
        }
    }

    /// <summary>Whether what was sent need not be sent again: it was taken, or never will be.</summary>
    private async Task<bool> IsDoneAsync(OtlpClient client, string signal, byte[] request, CancellationToken cancellationToken)
    {
        OtlpOutcome outcome = await client.SendAsync(signal, request, cancellationToken);
        Tell(signal, outcome.Finding);
        return outcome.IsOver;
    }

    private void Tell(string about, string? finding)
    {
        _findings[about] = finding;
        string? worst = _findings.Values.FirstOrDefault(one => one is not null);
        TelemetryState before = State;
        Volatile.Write(ref _state, new TelemetryState(finding is null ? time.GetUtcNow() : before.SentAt, worst));
        if (worst is null && before.Finding is not null)
        {
            Log.Works(logger);
        }
        else if (worst is not null && before.Finding is null)
        {
            Log.Fails(logger, worst);
        }
    }

    private OtlpClient ClientOf(TelemetrySettings wanted)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(wanted.Authorities);
        return new OtlpClient(wanted.Endpoint, authorities, wanted.Headers(box));
    }

    private List<(string, object)> Resource()
    {
        List<(string, object)> resource =
            [("service.name", "vprotect"), ("service.version", OtlpMessage.Version), ("service.instance.id", node.Guid), ("host.name", Environment.MachineName)];
        if (settings.Current.ApplianceName is { Length: > 0 } name)
        {
            resource.Add(("vprotect.appliance", name));
        }

        return resource;
    }

    private static partial class Log
    {
        [LoggerMessage(5393, LogLevel.Warning, "Telemetry is not taken, and is tried again: {Finding}")]
        public static partial void Fails(ILogger logger, string finding);

        [LoggerMessage(5394, LogLevel.Information, "Telemetry is taken again")]
        public static partial void Works(ILogger logger);
    }
}
