using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Groups;

/// <summary>A group of users.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Source">Who knows its members: the appliance or a directory.</param>
/// <param name="ExternalId">Its name in the directory; members of that are members of this, from their next login.</param>
/// <param name="Members">Its users.</param>
internal sealed record GroupView(Guid Guid, string Name, string? Description, UserSource Source, string? ExternalId, IReadOnlyList<NameAndGuid> Members);

/// <summary>A group as clients write it.</summary>
/// <param name="Name">Name shown to people.</param>
/// <param name="Description">What it is for.</param>
/// <param name="ExternalId">Distinguished name of a group in the directory, whose members this one then has; empty for none.</param>
/// <param name="Members">Its users; missing: as before. The members of a directory's group come from there.</param>
internal sealed record GroupRequest(string? Name, string? Description, string? ExternalId, IReadOnlyList<NameAndGuid>? Members);

/// <summary>Groups: users who share roles. Nobody puts a user into a group that may more than himself.</summary>
internal static class GroupsApi
{
    private const string Kind = "groups";
    private const int TextMax = 200;
    private const int MembersMax = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder groups = api.MapGroup("/groups").WithTags("groups");
        groups.MapGet("", ListAsync).Describe("Lists groups of users.", Permission.UsersRead, 400);
        groups.MapGet("/{guid:guid}", GetAsync).Describe("Gets a group with its users.", Permission.UsersRead, 404);
        groups.MapPost("", CreateAsync).Describe("Makes a group; roles are given to it by POST /api/role-assignments.", Permission.UsersWrite, 400, 404, 409);
        groups.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a group; its members are those that are sent.", Permission.UsersWrite, 400, 404, 409, 412);
        groups.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a group; its users stay, without its roles.", Permission.UsersWrite, 404, 409, 412);
    }

    private static async Task<Ok<List<GroupView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Group> page = await session.Groups.ListAsync(list.ToQuery(), cancellationToken);
        var views = new List<GroupView>();
        foreach (Group group in page.Rows)
        {
            views.Add(await ViewAsync(session, group, cancellationToken));
        }

        ListParameters.Answer(context, page, group => group.Guid);
        return TypedResults.Ok(views);
    }

    private static async Task<Ok<GroupView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<GroupView>> CreateAsync(GroupRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        Group group = Applied(new Group { Name = InvalidFieldException.RequireText("name", request.Name, TextMax) }, request);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Groups.InsertAsync(group, cancellationToken);
        await SetMembersAsync(transaction, group, request, cancellationToken);
        GroupView view = await AnswerAsync(transaction, group.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "groups.create", Kind, group.Guid, group.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/groups/{group.Guid}", view);
    }

    private static async Task<Ok<GroupView>> UpdateAsync(
        Guid guid, GroupRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        long? version = RowVersion.Expected(context);
        string name = InvalidFieldException.RequireText("name", request.Name, TextMax);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Group before = await ChangeableAsync(transaction, guid, context, cancellationToken);
        Group group = Applied(before with { Name = name, Version = version ?? before.Version }, request);
        await transaction.Groups.UpdateAsync(group, cancellationToken);
        await SetMembersAsync(transaction, group, request, cancellationToken);
        await Administrators.RequireOneAsync(transaction, cancellationToken);
        GroupView view = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "groups.update", Kind, guid, name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Group group = await ChangeableAsync(transaction, guid, context, cancellationToken);
        await transaction.Groups.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await Administrators.RequireOneAsync(transaction, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "groups.delete", Kind, guid, group.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>A group whose roles give nothing that the caller has not.</summary>
    private static async Task<Group> ChangeableAsync(CatalogTransaction transaction, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Group group = await transaction.Groups.GetAsync(guid, cancellationToken);
        ListPage<RoleAssignment> given = await transaction.RoleAssignments.ListAsync(
            role: null, user: null, guid, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        foreach (Guid role in given.Rows.Select(row => row.RoleGuid).Distinct())
        {
            Caller.Of(context).RequireToHave(await transaction.Roles.PermissionsAsync(role, cancellationToken));
        }

        return group;
    }

    private static Group Applied(Group group, GroupRequest request)
    {
        foreach ((string field, string? value, int max) in new[] { ("description", request.Description, 1000), ("externalId", request.ExternalId, 1000) })
        {
            if (value is not null && (value.Length > max || value.Any(char.IsControl)))
            {
                throw new InvalidFieldException(field, "It is too long or holds control characters.", $"Use at most {max} printable characters.");
            }
        }

        string? external = string.IsNullOrWhiteSpace(request.ExternalId) ? null : request.ExternalId.Trim();
        return group with { Description = request.Description, ExternalId = external, Source = external is null ? UserSource.Local : UserSource.Ldap };
    }

    private static async Task SetMembersAsync(CatalogTransaction transaction, Group group, GroupRequest request, CancellationToken cancellationToken)
    {
        if (request.Members is not { } sent)
        {
            return;
        }

        Guid[] members = [.. sent.Select(member => member.Guid).Distinct()];
        if (members.Length > MembersMax)
        {
            throw new InvalidFieldException("members", "There are too many.", $"Send at most {MembersMax}.");
        }

        IReadOnlyList<User> found = await transaction.Users.FindManyAsync(members, cancellationToken);
        if (members.Except(found.Select(user => user.Guid)).FirstOrDefault() is var missing && missing != Guid.Empty)
        {
            throw new InvalidFieldException("members", $"There is no user {missing}.", "List the users again.");
        }

        if (group.Source == UserSource.Ldap && found.FirstOrDefault(user => user.Source != UserSource.Ldap) is { } local)
        {
            throw new InvalidFieldException("members", $"'{local.Login}' is not known by the directory that knows this group's members.", "Make a group without externalId for local users.");
        }

        await transaction.Groups.SetMembersAsync(group.Guid, members, cancellationToken);
    }

    private static async Task<GroupView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Group group = await session.Groups.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, group.Version);
        return await ViewAsync(session, group, cancellationToken);
    }

    private static async Task<GroupView> ViewAsync(CatalogSession session, Group group, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<Guid, string> logins = await session.Users.NamesAsync([.. await session.Groups.MembersAsync(group.Guid, cancellationToken)], cancellationToken);
        return new GroupView(
            group.Guid, group.Name, group.Description, group.Source, group.ExternalId,
            [.. logins.OrderBy(login => login.Value, StringComparer.OrdinalIgnoreCase).Select(login => new NameAndGuid(login.Key, login.Value))]);
    }
}
