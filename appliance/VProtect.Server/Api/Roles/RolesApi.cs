using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Roles;

/// <summary>Roles: sets of permissions. Nobody makes one that may more than its maker.</summary>
internal static class RolesApi
{
    private const string Kind = "roles";
    private const int TextMax = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/permissions", PermissionsOf).WithTags("roles").Describe("Lists the permissions that roles and tokens can hold.", Permission.Self);
        RouteGroupBuilder roles = api.MapGroup("/roles").WithTags("roles");
        roles.MapGet("", ListAsync).Describe("Lists roles.", Permission.UsersRead, 400);
        roles.MapGet("/{guid:guid}", GetAsync).Describe("Gets a role.", Permission.UsersRead, 404);
        roles.MapPost("", CreateAsync).Describe("Makes a role of permissions that you have yourself.", Permission.UsersWrite, 400, 409);
        roles.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a role; who has it may do so much at once.", Permission.UsersWrite, 400, 404, 409, 412);
        roles.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a role that nobody has.", Permission.UsersWrite, 404, 409, 412);
    }

    private static Ok<List<PermissionView>> PermissionsOf() =>
        TypedResults.Ok(Permissions.All.Select(info => new PermissionView(info.Name, info.Description, info.CanBeLimited)).ToList());

    private static async Task<Ok<List<RoleView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Role> page = await session.Roles.ListAsync(list.ToQuery(), cancellationToken);
        var permissions = new Dictionary<Guid, IReadOnlyList<string>>();
        foreach (Role role in page.Rows)
        {
            permissions[role.Guid] = await session.Roles.PermissionsAsync(role.Guid, cancellationToken);
        }

        return ListParameters.Answer(context, page, role => ViewOf(role, permissions[role.Guid]));
    }

    private static async Task<Ok<RoleView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<RoleView>> CreateAsync(RoleRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        var role = new Role { Name = InvalidFieldException.RequireText("name", request.Name, TextMax), Description = Description(request.Description) };
        IReadOnlyList<string> permissions = Checked(request.Permissions ?? []);
        Caller.Of(context).RequireToHave(permissions);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Roles.InsertAsync(role, cancellationToken);
        await transaction.Roles.SetPermissionsAsync(role.Guid, permissions, cancellationToken);
        RoleView view = await AnswerAsync(transaction, role.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "roles.create", Kind, role.Guid, role.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/roles/{role.Guid}", view);
    }

    private static async Task<Ok<RoleView>> UpdateAsync(
        Guid guid, RoleRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        long? version = RowVersion.Expected(context);
        string name = InvalidFieldException.RequireText("name", request.Name, TextMax);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Role role = await ChangeableAsync(transaction, guid, context, cancellationToken);
        await transaction.Roles.UpdateAsync(role with { Name = name, Description = Description(request.Description), Version = version ?? role.Version }, cancellationToken);
        if (request.Permissions is { } sent)
        {
            IReadOnlyList<string> permissions = Checked(sent);
            Caller.Of(context).RequireToHave(permissions);
            await transaction.Roles.SetPermissionsAsync(guid, permissions, cancellationToken);
            await Administrators.RequireOneAsync(transaction, cancellationToken);
        }

        RoleView view = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "roles.update", Kind, guid, name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Role role = await ChangeableAsync(transaction, guid, context, cancellationToken);
        await transaction.Roles.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "roles.delete", Kind, guid, role.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>A role that did not come with the program, and that gives nothing which the caller has not.</summary>
    private static async Task<Role> ChangeableAsync(CatalogTransaction transaction, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Role role = await transaction.Roles.GetAsync(guid, cancellationToken);
        if (role.BuiltIn)
        {
            throw new VProtectException(ErrorCode.CatalogInUse, ErrorSide.Request, $"The role {role.Name} came with the program.", "Make a role of your own.");
        }

        Caller.Of(context).RequireToHave(await transaction.Roles.PermissionsAsync(guid, cancellationToken));
        return role;
    }

    private static IReadOnlyList<string> Checked(IReadOnlyList<string> permissions)
    {
        string? unknown = permissions.FirstOrDefault(permission => permission is null || Permissions.Find(permission) is null);
        return permissions.Count <= 100 && permissions.All(permission => permission is not null && Permissions.Find(permission) is not null)
            ? [.. permissions.Distinct(StringComparer.Ordinal)]
            : throw new InvalidFieldException("permissions", $"'{unknown}' is no permission.", "GET /api/permissions lists them.");
    }

    private static string? Description(string? text) =>
        text is null || (text.Length <= 1000 && !text.Any(char.IsControl)) ? text : throw new InvalidFieldException("description", "It is too long or holds control characters.", "Use at most 1000 printable characters.");

    private static async Task<RoleView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Role role = await session.Roles.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, role.Version);
        return ViewOf(role, await session.Roles.PermissionsAsync(guid, cancellationToken));
    }

    private static RoleView ViewOf(Role role, IReadOnlyList<string> permissions) => new(role.Guid, role.Name, role.Description, role.BuiltIn, permissions);
}
