using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using VProtect.Server.Access.Ldap;
using VProtect.Server.Federation;
using VProtect.Server.Scheduling;

namespace VProtect.Server.Access;

/// <summary>Registers who may do what. What names no policy is open to nobody.</summary>
internal static class AccessServices
{
    public static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<Sessions>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<Logins>();
        services.AddSingleton<CodeCheck>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<OwnProof>();
        services.AddSingleton<AuditHead>();
        services.AddSingleton<KeyRotation>();
        services.AddSingleton<IUpkeep>(provider => provider.GetRequiredService<AuditHead>());

        // What AddAuthentication does but for data protection, which nothing of ours uses and which keeps keys on disk.
        services.AddAuthenticationCore(options => options.DefaultScheme = CallerHandler.AnyScheme);
        services.AddWebEncoders();
        new AuthenticationBuilder(services)
            .AddPolicyScheme(CallerHandler.AnyScheme, displayName: null, options => options.ForwardDefaultSelector = context =>
                context.Features.Get<ForwardedCaller>() is not null ? ServerHandler.SchemeName
                : context.Request.Headers.Authorization.Count > 0 ? TokenHandler.SchemeName : SessionHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, SessionHandler>(SessionHandler.SchemeName, configureOptions: null)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, configureOptions: null)
            .AddScheme<AuthenticationSchemeOptions, ServerHandler>(ServerHandler.SchemeName, configureOptions: null);
        services.AddAuthorizationBuilder()
            .SetDefaultPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(_ => false).Build());
    }
}
