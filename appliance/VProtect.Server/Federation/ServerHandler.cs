using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using VProtect.Server.Access;

namespace VProtect.Server.Federation;

/// <summary>Who makes a request that the server handed on, which this appliance joined. Put there by <see cref="OwnCalls"/>; nothing that comes over a connection has it.</summary>
/// <param name="Caller">Who.</param>
internal sealed record ForwardedCaller(Caller Caller);

/// <summary>Scheme <c>server</c>: requests that the server handed on.</summary>
internal sealed class ServerHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : CallerHandler(options, loggers, encoder)
{
    public const string SchemeName = "server";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(Context.Features.Get<ForwardedCaller>() is { } forwarded ? Accept(forwarded.Caller) : AuthenticateResult.NoResult());
}
