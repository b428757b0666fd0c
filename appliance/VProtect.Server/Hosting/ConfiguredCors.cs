using Microsoft.AspNetCore.Cors.Infrastructure;
using VProtect.Server.Access;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Hosting;

/// <summary>Lets pages of the configured origins call the API, with cookies; read anew for every request, so that a change holds at once.</summary>
internal sealed class ConfiguredCors(LiveSettings settings) : ICorsPolicyProvider
{
    public Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        IReadOnlyList<string> origins = settings.Current.CorsOrigins;
        if (origins.Count == 0)
        {
            return Task.FromResult<CorsPolicy?>(null);
        }

        CorsPolicy policy = new CorsPolicyBuilder([.. origins])
            .AllowCredentials()
            .WithMethods("GET", "POST", "PUT", "DELETE")
            .WithHeaders("Content-Type", "Authorization", "If-Match", AccessGate.CsrfHeader, IdempotentRequest.Header)
            .WithExposedHeaders("X-Total-Count", "X-Next-Cursor", "ETag", "Location")
            .Build();
        return Task.FromResult<CorsPolicy?>(policy);
    }
}
