using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Backups;

/// <summary>Text that a user gives a backup.</summary>
internal sealed record DescriptionBody(string? Description);

/// <summary>Why a backup is held.</summary>
internal sealed record HoldBody(string? Reason);

/// <summary>What retention shall do.</summary>
internal sealed record RetentionHintBody(RetentionHint? RetentionHint);

/// <summary>Restore points.</summary>
internal static class BackupsApi
{
    private const string Kind = "backups";
    private const int TextMax = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder backups = api.MapGroup("/backups").WithTags("backups");
        backups.MapGet("", ListAsync).Describe("Lists backups, newest first.", Permission.BackupsRead, 400);
        backups.MapGet("/{guid:guid}", GetAsync).Describe("Gets a backup.", Permission.BackupsRead, 404);
        backups.MapPut("/{guid:guid}/description", DescribeAsync).Describe("Writes a backup's description.", Permission.BackupsEdit, 400, 404, 412);
        backups.MapPut("/{guid:guid}/warnings-acknowledged", AcknowledgeAsync).Describe("Says that a backup's warnings were seen.", Permission.BackupsEdit, 400, 404, 412);
        backups.MapPut("/{guid:guid}/hold", HoldAsync).Describe("Holds a backup: nothing removes it until it is released.", Permission.BackupsHold, 400, 404, 409, 412);
        backups.MapDelete("/{guid:guid}/hold", ReleaseAsync).Describe("Releases a backup that is held.", Permission.BackupsHold, 404, 412);
        backups.MapPut("/{guid:guid}/retention-hint", HintAsync).Describe("Says what retention shall do with a backup.", Permission.BackupsEdit, 400, 404, 412);
    }

    private static async Task<Ok<List<BackupView>>> ListAsync(
        [AsParameters] ListParameters list,
        [FromQuery(Name = "protected-entity")] Guid? machine,
        string[]? status,
        [FromQuery(Name = "only-mountable")] bool? onlyMountable,
        [FromQuery(Name = "backup-destination")] Guid? destination,
        Guid? policy,
        string? type,
        long? from,
        long? before,
        HttpContext context,
        CatalogDatabase catalog,
        CancellationToken cancellationToken)
    {
        var filter = new RestorePointFilter
        {
            Machine = machine,
            Destination = destination,
            Policy = policy,
            Type = EnumParameter.Parse<BackupType>("type", type is null ? null : [type]) is { } types ? types.First() : null,
            States = onlyMountable == true ? [RestorePointState.Success] : EnumParameter.Parse<RestorePointState>("status", status),
            From = TimeParameter.Parse("from", from),
            Before = TimeParameter.Parse("before", before),
        };
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<RestorePoint> page = await session.RestorePoints.ListAsync(filter, list.ToQuery(), cancellationToken);
        ListParameters.Answer(context, page, point => point.Guid);
        return TypedResults.Ok(await BackupView.OfAsync(session, page.Rows, cancellationToken));
    }

    private static async Task<Ok<BackupView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await AnswerAsync(session, guid, context, cancellationToken);
    }

    private static Task<Ok<BackupView>> DescribeAsync(
        Guid guid, DescriptionBody request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        if (request.Description is { Length: > TextMax })
        {
            throw new InvalidFieldException("description", "It is too long.", $"Send at most {TextMax} characters.");
        }

        return ChangeAsync(guid, context, catalog, "backups.describe", point => point with { Description = request.Description }, cancellationToken);
    }

    private static Task<Ok<BackupView>> AcknowledgeAsync(
        Guid guid, JsonElement request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        // Clients send the bare value or an object with it.
        bool isSeen = request.ValueKind != JsonValueKind.False
            && !(request.ValueKind == JsonValueKind.Object && request.TryGetProperty("warningsAcknowledged", out JsonElement value) && value.ValueKind == JsonValueKind.False);
        return ChangeAsync(guid, context, catalog, "backups.acknowledge-warnings", point => point with { WarningsAcknowledged = isSeen }, cancellationToken);
    }

    private static Task<Ok<BackupView>> HoldAsync(Guid guid, HoldBody request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string reason = InvalidFieldException.RequireText("reason", request.Reason, TextMax);
        return ChangeAsync(
            guid,
            context,
            catalog,
            "backups.hold",
            point => point.State == RestorePointState.Success
                ? point with { Held = true, HoldReason = reason }
                : throw new VProtectException(
                    ErrorCode.RestorePointUnfit, ErrorSide.Request, $"A backup that is {point.State.ToString().ToLowerInvariant()} cannot be held.",
                    "Choose one whose status is SUCCESS."),
            cancellationToken);
    }

    private static Task<Ok<BackupView>> ReleaseAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken) =>
        ChangeAsync(guid, context, catalog, "backups.release", point => point with { Held = false, HoldReason = null }, cancellationToken);

    private static Task<Ok<BackupView>> HintAsync(
        Guid guid, RetentionHintBody request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        RetentionHint hint = request.RetentionHint
            ?? throw new InvalidFieldException("retentionHint", "It is missing.", "Send TO_REMOVE, ARCHIVE or STANDARD_RETENTION.");
        return ChangeAsync(guid, context, catalog, "backups.retention-hint", point => point with { RetentionHint = hint }, cancellationToken);
    }

    private static async Task<Ok<BackupView>> ChangeAsync(
        Guid guid, HttpContext context, CatalogDatabase catalog, string action, Func<RestorePoint, RestorePoint> change, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        RestorePoint before = await transaction.RestorePoints.GetAsync(guid, cancellationToken);
        await transaction.RestorePoints.UpdateAsync(change(before) with { Version = RowVersion.Expected(context) ?? before.Version }, cancellationToken);
        Ok<BackupView> answer = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, action, Kind, guid, answer.Value!.ProtectedEntity?.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private static async Task<Ok<BackupView>> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        RestorePoint point = await session.RestorePoints.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, point.Version);
        return TypedResults.Ok((await BackupView.OfAsync(session, [point], cancellationToken))[0]);
    }
}
