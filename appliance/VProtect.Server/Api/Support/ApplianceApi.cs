using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Monitoring;

namespace VProtect.Server.Api.Support;

/// <summary>What became of the secrets.</summary>
/// <param name="Secrets">How many were sealed with the new key.</param>
internal sealed record RotatedKey(int Secrets);

/// <summary>What a check of the appliance found.</summary>
/// <param name="Whole">Whether nothing is amiss.</param>
/// <param name="Findings">What is, for people.</param>
internal sealed record ApplianceCheckView(bool Whole, IReadOnlyList<string> Findings);

/// <summary>The appliance itself.</summary>
internal static class ApplianceApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder appliance = api.MapGroup("/appliance").WithTags("settings");
        appliance.MapPost("/rotate-key", RotateAsync)
            .Describe("Makes a new key of secrets, seals every secret with it and forgets the one before.", Permission.SettingsWrite);
        appliance.MapPost("/check", CheckAsync)
            .Describe("Reads the whole catalog, opens every secret and verifies the audit log; tells what is amiss.", Permission.SettingsRead);
    }

    private static async Task<Ok<RotatedKey>> RotateAsync(HttpContext context, KeyRotation rotation)
    {
        // Not by the request's token: whoever asked and went away has asked.
        int count = await rotation.RotateAsync(
            (transaction, _) => AuditTrail.AppendAsync(transaction, context, "secret-key.rotate", "secret-key", guid: null, name: null, CancellationToken.None),
            CancellationToken.None);
        return TypedResults.Ok(new RotatedKey(count));
    }

    private static async Task<Ok<ApplianceCheckView>> CheckAsync(ApplianceCheck check, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> findings = await check.RunAsync(cancellationToken);
        return TypedResults.Ok(new ApplianceCheckView(findings.Count == 0, findings));
    }
}
