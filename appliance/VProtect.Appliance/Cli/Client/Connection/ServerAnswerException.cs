using System.Net;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Connection;

/// <summary>The server refused or failed: its problem+json as an exception.</summary>
internal sealed class ServerAnswerException(HttpStatusCode status, ErrorCode code, string message, string guidance, RetryAdvice retry)
    : VProtectException(code, ErrorSide.Request, message, guidance, retry)
{
    public HttpStatusCode Status => status;

    /// <summary>Reads what came with an error's status.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">The answer, or undefined when it was no JSON.</param>
    /// <param name="server">Address, for what to do next.</param>
    public static ServerAnswerException Of(HttpStatusCode status, JsonElement body, string server)
    {
        var code = (ErrorCode)(body.Member("code") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int value) ? value : 0);
        string message = body.Text("message") ?? $"The server answered with status {(int)status}.";
        string guidance = code switch
        {
            ErrorCode.Unauthenticated => $"Log in again: vprotect login {server}",
            ErrorCode.PasswordChangeRequired => $"Change it in place: vprotect login {server}",
            ErrorCode.CatalogConflict => "Somebody else changed it in the meantime: look at it, and run the command again.",
            _ => body.Text("guidance") ?? "",
        };
        if (code == ErrorCode.Unauthenticated)
        {
            message = $"The login at {server} has ended, or was taken back.";
        }

        RetryAdvice retry = status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests ? RetryAdvice.Later : RetryAdvice.Never;
        return new ServerAnswerException(status, code, message, guidance, retry);
    }
}
