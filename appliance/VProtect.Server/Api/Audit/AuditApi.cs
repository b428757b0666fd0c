using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Audit;

/// <summary>An entry of the audit log as clients see it.</summary>
/// <param name="Seq">Order, from 1, without gaps.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who.</param>
/// <param name="Address">Where it came from.</param>
/// <param name="Action">What.</param>
/// <param name="ObjectKind">Kind of the object.</param>
/// <param name="Object">The object; it may be gone.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Detail">More of it: for <c>mounts.disconnect</c> what was read and written, <c>readBytes</c> and <c>writtenBytes</c>.</param>
/// <param name="Hash">SHA-256 that binds it to the entries before it.</param>
internal sealed record AuditView(
    long Seq, DateTimeOffset At, string Actor, string? Address, string Action, string? ObjectKind, NameAndGuid? Object, AuditOutcome Outcome, JsonElement Detail,
    string Hash);

/// <summary>What a check of the audit log found.</summary>
/// <param name="Whole">Whether nothing was changed, removed or put in, as far as can be told.</param>
/// <param name="Newest">Number of the newest entry.</param>
/// <param name="Hash">Its hash: note it elsewhere to compare with what is here later.</param>
/// <param name="KeptSeq">Number of the newest entry when its hash was last kept beside the catalog; null when none is kept or it cannot be read.</param>
/// <param name="Findings">What is amiss, for people.</param>
internal sealed record AuditVerificationView(bool Whole, long Newest, string Hash, long? KeptSeq, IReadOnlyList<string> Findings);

/// <summary>Who did what.</summary>
internal static class AuditApi
{
    private const int SizeMax = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/audit", ListAsync).WithTags("audit")
            .Describe("Lists the audit log, newest first; the header X-Next-Cursor is 'before' of the next page.", Permission.AuditRead, 400);
        api.MapPost("/audit/verify", VerifyAsync).WithTags("audit")
            .Describe("Reads the whole audit log and tells whether entries were changed, removed or put in.", Permission.AuditRead);
    }

    private static async Task<Ok<List<AuditView>>> ListAsync(
        string? actor, string? action, Guid? guid, long? before, int? size, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (size is < 1 or > SizeMax)
        {
            throw new InvalidFieldException("size", "A page of this size is not given.", $"Ask for 1 to {SizeMax} rows.");
        }

        int rows = size ?? 100;
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        IReadOnlyList<AuditEntry> entries = await session.Audit.ListAsync(actor, action, guid, before, rows, cancellationToken);
        if (entries.Count == rows)
        {
            context.Response.Headers["X-Next-Cursor"] = entries[^1].Seq.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Ok(entries.Select(View).ToList());
    }

    private static async Task<Ok<AuditVerificationView>> VerifyAsync(AuditHead head, CancellationToken cancellationToken)
    {
        AuditVerification found = await head.VerifyAsync(cancellationToken);
        return TypedResults.Ok(new AuditVerificationView(
            found.Findings.Count == 0, found.Newest, Convert.ToHexStringLower(found.NewestHash), found.KeptSeq, found.Findings));
    }

    private static AuditView View(AuditEntry entry) => new(
        entry.Seq, entry.At, entry.Actor, entry.Address, entry.Action, entry.ObjectKind,
        entry.ObjectGuid is { } guid ? new NameAndGuid(guid, entry.ObjectName) : null, entry.Outcome, JsonSerializer.Deserialize<JsonElement>(entry.Detail), Convert.ToHexStringLower(entry.Hash));
}
