using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Node.Remote;

/// <summary>The way to a server on another machine (<see cref="NodeWire"/>).</summary>
public sealed partial class HttpNodeChannel : INodeChannel, IDisposable
{
    private static readonly NodeWireJson Json = NodeWireJson.Default;
    private static readonly TimeSpan RenewalLook = TimeSpan.FromMinutes(10);

    private readonly NodeIdentity _identity;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly X509Certificate2 _authority;
    private readonly NodeHttp _http;

    /// <summary>Of this process, so that no question of an earlier one is repeated.</summary>
    private readonly string _life = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private long _question;

    /// <param name="identity">Who this node is. Its server's address is read again whenever the server does not answer.</param>
    /// <param name="logger">Told of renewals.</param>
    /// <param name="time">For the certificate's age.</param>
    public HttpNodeChannel(NodeIdentity identity, ILogger logger, TimeProvider time)
    {
        _identity = identity;
        _logger = logger;
        _time = time;
        _authority = X509Certificate2.CreateFromPem(identity.Authority);
        _http = new NodeHttp(_authority, () => identity.Certificate);
    }

    /// <inheritdoc/>
    public async ValueTask<TaskOrder?> LeaseAsync(NodeStatus status, CancellationToken cancellationToken)
    {
        // One lease is asked at a time. The number stays until an answer came, so that an order whose answer was lost is given again.
        string number = string.Create(CultureInfo.InvariantCulture, $"{_life}-{Volatile.Read(ref _question)}");
        LeaseAnswer answer = await CallAsync("lease", status, Json.NodeStatus, Json.LeaseAnswer, cancellationToken, number);
        Interlocked.Increment(ref _question);
        return answer.Order;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TaskStop>> WaitForStopsAsync(CancellationToken cancellationToken) =>
        (await CallAsync("stops", new EmptyMessage(), Json.EmptyMessage, Json.StopsAnswer, cancellationToken)).Stops;

    /// <inheritdoc/>
    public async ValueTask<TaskDirective> ReportAsync(TaskReport report, CancellationToken cancellationToken) =>
        (await CallAsync("report", report, Json.TaskReport, Json.ReportAnswer, cancellationToken)).Directive;

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(TaskOutcome outcome, CancellationToken cancellationToken) =>
        await CallAsync("complete", outcome, Json.TaskOutcome, Json.EmptyMessage, cancellationToken);

    /// <summary>Renews the certificate when a third of its time is left, until it is cancelled.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                X509Certificate2 now = _identity.Certificate;
                if (_time.GetUtcNow().UtcDateTime > now.NotAfter.ToUniversalTime() - ((now.NotAfter - now.NotBefore) / 3))
                {
                    await RenewNowAsync(cancellationToken);
                }
            }
            catch (VProtectException failure)
            {
                Log.NotRenewed(_logger, _identity.Certificate.NotAfter, failure.Message);
            }

            await Task.Delay(RenewalLook, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Has a new key signed and goes on with it.</summary>
    public async Task RenewNowAsync(CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        RenewAnswer renewed = await CallAsync(
            "renew", new RenewRequest(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())), Json.RenewRequest, Json.RenewAnswer, cancellationToken);
        _identity.Renew(key, renewed.Certificate);
        Log.Renewed(_logger, _identity.Certificate.NotAfter);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _authority.Dispose();
    }

    /// <summary>A call whose question is written while it is sent, however long it is.</summary>
    internal Task StreamAsync(string call, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        _http.StreamAsync(_identity.Server, call, write, cancellationToken);

    /// <summary>A call of the server.</summary>
    internal async Task<TAnswer> CallAsync<TQuestion, TAnswer>(
        string call, TQuestion question, JsonTypeInfo<TQuestion> ask,
        JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken, string? number = null)
        where TAnswer : class
    {
        try
        {
            return await _http.CallAsync(_identity.Server, call, question, ask, answer, number, cancellationToken);
        }
        catch (VProtectException failure) when (failure.Code is ErrorCode.ServerUnreachable or ErrorCode.ServerUntrusted)
        {
            _identity.Reload();
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6080, LogLevel.Information, "The node's certificate was renewed and holds until {NotAfter}")]
        public static partial void Renewed(ILogger logger, DateTime notAfter);

        [LoggerMessage(6081, LogLevel.Warning, "The node's certificate, which holds until {NotAfter}, could not be renewed yet: {Reason}")]
        public static partial void NotRenewed(ILogger logger, DateTime notAfter, string reason);
    }
}
