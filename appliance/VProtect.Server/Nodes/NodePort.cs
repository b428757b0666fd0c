using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Nodes;

/// <summary>
/// The port that nodes of other machines call: a server of its own, HTTP/2 over TLS 1.3, that knows certificates of the authority and nothing of sessions, tokens
/// or <c>/api</c>. It is open while there is an authority and the setting <c>nodeAddress</c> is not empty; a change of the setting holds within a second.
/// </summary>
internal sealed partial class NodePort(
    CatalogDatabase catalog, NodeAuthority authority, NodeCalls calls, LiveSettings settings, TimeProvider time, ILoggerFactory loggers, ILogger<NodePort> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    /// <summary>After a failure it is tried again this often.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);

    /// <summary>A dead link is found by pings.</summary>
    private static readonly TimeSpan Ping = TimeSpan.FromSeconds(10);

    /// <summary>The port's certificate holds a year: it is made anew long before.</summary>
    private static readonly TimeSpan CertificateTime = TimeSpan.FromDays(30);

    private readonly SemaphoreSlim _changing = new(1);
    private readonly Lock _certifying = new();
    private WebApplication? _open;
    private string _openAt = "";
    private DateTimeOffset _certificateSince;
    private SslStreamCertificateContext? _certificate;

    /// <summary>Port that is listened at; null while it is closed.</summary>
    public int? Port { get; private set; }

    /// <summary>Opens it now, as the setting says.</summary>
    /// <returns>The port.</returns>
    /// <exception cref="VProtectException">It is closed by the setting, or cannot be opened.</exception>
    public async Task<int> OpenAsync(CancellationToken cancellationToken)
    {
        await FollowAsync(cancellationToken);
        return Port ?? throw new VProtectException(
            ErrorCode.OptionInvalid, ErrorSide.Request, "The port for nodes is closed: the setting nodeAddress is empty.", "Set it, to *:8182 for example: vprotect settings update --set nodeAddress=*:8182.");
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan pause = LookPeriod;
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Log.NotOpen(logger, settings.Current.NodeAddress, failure.Message);
                pause = RetryPeriod;
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await CloseAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _changing.Dispose();
        base.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (!authority.IsMade)
            {
                await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
                await authority.LoadAsync(session, cancellationToken);
            }

            string wanted = authority.IsMade ? settings.Current.NodeAddress : "";
            if (wanted == _openAt)
            {
                return;
            }

            await CloseAsync(cancellationToken);
            if (wanted.Length > 0)
            {
                await ListenAsync(wanted, cancellationToken);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task ListenAsync(string address, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(loggers);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = NodeWire.BodyBytesMax;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.Http2.KeepAlivePingDelay = Ping;
            kestrel.Limits.Http2.KeepAlivePingTimeout = Ping;
            (string host, int port) = GlobalSettings.NodeEndPoint(address)!.Value;
            if (host == "*")
            {
                kestrel.ListenAnyIP(port, Secure);
            }
            else
            {
                kestrel.Listen(IPAddress.Parse(host), port, Secure);
            }
        });
        WebApplication app = builder.Build();
        app.Run(calls.HandleAsync);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            await app.DisposeAsync();
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"nodeAddress: nobody can listen at {address}: {failure.Message}",
                "Stop the program that listens there, or choose another address or port in the settings.", RetryAdvice.Later, failure);
        }

        _open = app;
        _openAt = address;
        Port = app.Urls.Select(url => new Uri(url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal)).Port).First();
        Log.Open(logger, address, Port.Value);
    }

    private void Secure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = Certificate(),
                EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                ClientCertificateRequired = true,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

                // Who joins has none yet, and gets no further than that. Whose is shown must be ours.
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is null || (certificate is X509Certificate2 found && authority.HasIssued(found)),
            }),
        });
    }

    private SslStreamCertificateContext Certificate()
    {
        lock (_certifying)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (_certificate is null || now - _certificateSince > CertificateTime)
            {
                _certificate = SslStreamCertificateContext.Create(authority.IssuePort(), additionalCertificates: null, offline: true);
                _certificateSince = now;
            }

            return _certificate;
        }
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_open is { } app)
        {
            Port = null;
            _open = null;
            _openAt = "";

            // Long polls are not waited for: nodes ask again.
            using var atOnce = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await atOnce.CancelAsync();
            await app.StopAsync(atOnce.Token);
            await app.DisposeAsync();
            Log.Closed(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5383, LogLevel.Information, "Nodes may call at {Address} (port {Port})")]
        public static partial void Open(ILogger logger, string address, int port);

        [LoggerMessage(5384, LogLevel.Warning, "The port for nodes, {Address}, cannot be opened: {Reason}")]
        public static partial void NotOpen(ILogger logger, string address, string reason);

        [LoggerMessage(5385, LogLevel.Information, "The port for nodes is closed")]
        public static partial void Closed(ILogger logger);
    }
}
