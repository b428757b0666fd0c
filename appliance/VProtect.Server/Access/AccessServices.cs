using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;

namespace VProtect.Server.Access;

/// <summary>Registers who may do what. What names no policy is open to nobody.</summary>
internal static class AccessServices
{
    public static void AddAccess(this IServiceCollection services)
    {
        // Authentication asks for it and nothing of ours uses it: no keys on disk.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddSingleton<Sessions>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<Logins>();
        services.AddAuthentication(CallerHandler.AnyScheme)
            .AddPolicyScheme(CallerHandler.AnyScheme, displayName: null, options => options.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 ? TokenHandler.SchemeName : SessionHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, SessionHandler>(SessionHandler.SchemeName, configureOptions: null)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, configureOptions: null);
        services.AddAuthorizationBuilder()
            .SetDefaultPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(_ => false).Build());
    }
}
