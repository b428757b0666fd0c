using VProtect.Abstractions.Nodes.Wire;

namespace VProtect.Abstractions.Nodes;

/// <summary>An appliance's membership of the server that it joined.</summary>
/// <param name="Guid">What the server knows it by.</param>
/// <param name="Name">What the server calls it.</param>
/// <param name="Server">Host and port of the server.</param>
public sealed record Membership(string Guid, string Name, string Server);

/// <summary>
/// The way from an appliance to the server that it joined: the appliance always calls. Safe for any number of callers. Calls fail with
/// <see cref="ErrorCode.ServerUnreachable"/>, <see cref="ErrorCode.ServerUntrusted"/>, <see cref="ErrorCode.Forbidden"/> (it was removed there), and as the server says.
/// </summary>
public interface IServerMembership
{
    /// <summary>The membership; null when this appliance stands alone.</summary>
    Membership? Current { get; }

    /// <summary>Joins a server, with a token made there.</summary>
    /// <param name="server">Host and port.</param>
    /// <param name="token">The token.</param>
    /// <param name="cancellationToken">Gives up; nothing is kept then.</param>
    Task<Membership> JoinAsync(string server, string token, CancellationToken cancellationToken);

    /// <summary>Follows the same server to another address.</summary>
    Task<Membership> MoveAsync(string server, CancellationToken cancellationToken);

    /// <summary>Stands alone again. The server is not told.</summary>
    void Forget();

    /// <summary>Renews the certificate in time, until it is cancelled.</summary>
    Task RenewAsync(CancellationToken cancellationToken);

    /// <summary>Tells a batch of changes.</summary>
    Task<FeedAnswer> FeedAsync(FeedBatch batch, CancellationToken cancellationToken);

    /// <summary>Waits for calls of users, for 20 s at most.</summary>
    Task<CallsAnswer> CallsAsync(CallsQuestion question, CancellationToken cancellationToken);

    /// <summary>Answers one: <paramref name="write"/> writes head and body. What it throws ends the answer as a cut.</summary>
    Task AnswerAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>Tells the server that this appliance leaves: it forgets what it was told.</summary>
    Task LeaveAsync(CancellationToken cancellationToken);
}
