using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Node.Remote;

/// <summary>What an appliance is at the server that it joined, kept as a node keeps it (<see cref="NodeIdentity"/>), in a directory of its own.</summary>
/// <param name="directory">That directory; there is no membership while it does not exist.</param>
/// <param name="loggers">Told of renewals.</param>
/// <param name="time">For the certificate's age.</param>
public sealed class ServerMembership(string directory, ILoggerFactory loggers, TimeProvider time) : IServerMembership, IDisposable
{
    private static readonly NodeWireJson Json = NodeWireJson.Default;

    private readonly Lock _changing = new();
    private HttpNodeChannel? _channel;
    private NodeIdentity? _identity;

    /// <inheritdoc/>
    public Membership? Current => Channel() is null ? null : MembershipOf(_identity!);

    /// <inheritdoc/>
    public async Task<Membership> JoinAsync(string server, string token, CancellationToken cancellationToken)
    {
        NodeIdentity identity = await NodeJoin.JoinAsync(directory, server, token, cancellationToken);
        Reset();
        return MembershipOf(identity);
    }

    /// <inheritdoc/>
    public async Task<Membership> MoveAsync(string server, CancellationToken cancellationToken)
    {
        NodeIdentity identity = await NodeJoin.MoveAsync(directory, server, cancellationToken);
        Reset();
        return MembershipOf(identity);
    }

    /// <inheritdoc/>
    public void Forget()
    {
        if (Directory.Exists(directory))
        {
            // The description first: without it there is no membership, whatever a power cut leaves.
            NodeIdentity.Forget(directory);
            Directory.Delete(directory, recursive: true);
        }

        Reset();
    }

    /// <inheritdoc/>
    public Task RenewAsync(CancellationToken cancellationToken) => Joined().RenewAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<FeedAnswer> FeedAsync(FeedBatch batch, CancellationToken cancellationToken) =>
        CallAsync("feed", batch, Json.FeedBatch, Json.FeedAnswer, cancellationToken);

    /// <inheritdoc/>
    public Task<CallsAnswer> CallsAsync(CallsQuestion question, CancellationToken cancellationToken) =>
        CallAsync("calls", question, Json.CallsQuestion, Json.CallsAnswer, cancellationToken);

    /// <inheritdoc/>
    public Task AnswerAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) => Joined().StreamAsync("answer", write, cancellationToken);

    /// <inheritdoc/>
    public Task LeaveAsync(CancellationToken cancellationToken) =>
        CallAsync("leave", new EmptyMessage(), Json.EmptyMessage, Json.EmptyMessage, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => Reset();

    private static Membership MembershipOf(NodeIdentity identity) => new(identity.Guid, identity.Name, identity.Server);

    private Task<TAnswer> CallAsync<TQuestion, TAnswer>(
        string call, TQuestion question, JsonTypeInfo<TQuestion> ask, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : class => Joined().CallAsync(call, question, ask, answer, cancellationToken);

    private HttpNodeChannel Joined() => Channel() ?? throw new VProtectException(
        ErrorCode.TaskUnfit, ErrorSide.Request, "This appliance has joined no server.", "Make a token there (vprotect appliance add NAME) and join.");

    private HttpNodeChannel? Channel()
    {
        lock (_changing)
        {
            if (_channel is null && NodeIdentity.Exists(directory))
            {
                _identity = NodeIdentity.Open(directory);
                _channel = new HttpNodeChannel(_identity, loggers.CreateLogger<HttpNodeChannel>(), time);
            }

            return _channel;
        }
    }

    private void Reset()
    {
        lock (_changing)
        {
            _channel?.Dispose();
            _channel = null;
            _identity = null;
        }
    }
}
