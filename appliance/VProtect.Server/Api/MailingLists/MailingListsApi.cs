using System.Net.Mail;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Settings;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.MailingLists;

/// <summary>A mailing list as clients see and write it.</summary>
/// <param name="Guid">Identity; not looked at in requests.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Addresses">Mail addresses.</param>
internal sealed record MailingListView(Guid? Guid, string? Name, IReadOnlyList<string>? Addresses)
{
    public static MailingListView Of(MailingList list) => new(list.Guid, list.Name, list.Addresses);
}

/// <summary>Who gets reports and alerts.</summary>
internal static class MailingListsApi
{
    private const string Kind = "mailing-lists";
    private const int AddressesMax = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder lists = api.MapGroup("/mailing-lists").WithTags("mailing lists");
        lists.MapGet("", ListAsync).Describe("Lists mailing lists.", Permission.SettingsRead, 400);
        lists.MapGet("/{guid:guid}", GetAsync).Describe("Gets a mailing list.", Permission.SettingsRead, 404);
        lists.MapPost("", CreateAsync).Describe("Makes a mailing list.", Permission.SettingsWrite, 400, 409);
        lists.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a mailing list.", Permission.SettingsWrite, 400, 404, 409, 412);
        lists.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a mailing list.", Permission.SettingsWrite, 404, 409, 412);
    }

    private static async Task<Ok<List<MailingListView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return ListParameters.Answer(context, await session.MailingLists.ListAsync(list.ToQuery(), cancellationToken), MailingListView.Of);
    }

    private static async Task<Ok<MailingListView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        MailingList list = await session.MailingLists.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, list.Version);
        return TypedResults.Ok(MailingListView.Of(list));
    }

    private static async Task<Created<MailingListView>> CreateAsync(
        MailingListView request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        MailingList list = Applied(new MailingList { Name = "" }, request);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.MailingLists.InsertAsync(list, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "mailing-lists.create", Kind, list.Guid, list.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, list.Version);
        return TypedResults.Created($"/api/mailing-lists/{list.Guid}", MailingListView.Of(list));
    }

    private static async Task<Ok<MailingListView>> UpdateAsync(
        Guid guid, MailingListView request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        MailingList before = await transaction.MailingLists.GetAsync(guid, cancellationToken);
        MailingList list = Applied(before with { Version = RowVersion.Expected(context) ?? before.Version }, request);
        long version = await transaction.MailingLists.UpdateAsync(list, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "mailing-lists.update", Kind, guid, list.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(MailingListView.Of(list));
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        MailingList list = await transaction.MailingLists.GetAsync(guid, cancellationToken);
        await transaction.MailingLists.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "mailing-lists.delete", Kind, guid, list.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static MailingList Applied(MailingList list, MailingListView request)
    {
        IReadOnlyList<string> addresses = request.Addresses ?? [];
        if (addresses.Count > AddressesMax)
        {
            throw new InvalidFieldException("addresses", "There are too many.", $"Use at most {AddressesMax}.");
        }

        foreach (string? address in addresses)
        {
            if (!MailAddress.TryCreate(address, out MailAddress? parsed) || parsed.Address != address)
            {
                throw new InvalidFieldException("addresses", $"'{address}' is no mail address.", "Write it as name@example.org.");
            }
        }

        return list with { Name = InvalidFieldException.RequireText("name", request.Name, lengthMax: 200), Addresses = addresses };
    }
}
