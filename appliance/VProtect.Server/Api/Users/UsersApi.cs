using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Users;

/// <summary>Who may log in. There is one role, ADMIN, which every user is given.</summary>
internal static class UsersApi
{
    private const string Kind = "users";
    private const int TextMax = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder users = api.MapGroup("/users").WithTags("users");
        users.MapGet("", ListAsync).Describe("Lists users.", Permission.UsersRead, 400);
        users.MapGet("/{guid:guid}", GetAsync).Describe("Gets a user.", Permission.UsersRead, 404);
        users.MapPost("", CreateAsync).Describe("Makes a user.", Permission.UsersWrite, 400, 409);
        users.MapPut("/{guid:guid}", UpdateAsync).Describe("Changes a user.", Permission.UsersWrite, 400, 404, 409, 412);
        users.MapDelete("/{guid:guid}", DeleteAsync).Describe("Deletes a user, its sessions and its tokens.", Permission.UsersWrite, 404, 409, 412);
    }

    private static async Task<Ok<List<UserView>>> ListAsync(
        [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<User> page = await session.Users.ListAsync(list.ToQuery(), cancellationToken);
        ILookup<Guid?, NameAndGuid> roles = await RolesAsync(session, user: null, cancellationToken);
        return ListParameters.Answer(context, page, user => UserView.Of(user, [.. roles[user.Guid]]));
    }

    private static async Task<Ok<UserView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await AnswerAsync(session, guid, context, cancellationToken);
    }

    private static async Task<Created<UserView>> CreateAsync(
        UserRequest request, HttpContext context, CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        string login = InvalidFieldException.RequireText("login", request.Login, TextMax);
        PasswordHash.Check("password", request.Password, login);
        var user = Applied(
            new User { Login = login, PasswordHash = PasswordHash.Of(request.Password!), MustChangePassword = true, CreatedAt = time.GetUtcNow() }, request);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Users.InsertAsync(user, cancellationToken);
        await FirstAdministrator.GiveRoleAsync(transaction, user.Guid, cancellationToken);
        await RequireNotMoreAsync(transaction, context, user.Guid, cancellationToken);
        UserView view = (await AnswerAsync(transaction, user.Guid, context, cancellationToken)).Value!;
        await AuditTrail.AppendAsync(transaction, context, "users.create", Kind, user.Guid, login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/users/{user.Guid}", view);
    }

    private static async Task<Ok<UserView>> UpdateAsync(
        Guid guid, UserRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        long? version = RowVersion.Expected(context);
        string login = InvalidFieldException.RequireText("login", request.Login, TextMax);
        string? hash = null;
        if (request.Password is not null)
        {
            PasswordHash.Check("password", request.Password, login);
            hash = PasswordHash.Of(request.Password);
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User before = await transaction.Users.GetAsync(guid, cancellationToken);
        await RequireNotMoreAsync(transaction, context, guid, cancellationToken);
        User user = Applied(before with { Login = login, Version = version ?? before.Version }, request);
        if (hash is not null)
        {
            user = user with { PasswordHash = hash, MustChangePassword = true };
        }

        if (!user.Active && before.Active)
        {
            await RequireAnotherAsync(transaction, guid, cancellationToken);
        }

        await transaction.Users.UpdateAsync(user, cancellationToken);
        if (hash is not null || !user.Active)
        {
            await Sessions.EndAllAsync(transaction, guid, except: null, cancellationToken);
        }

        Ok<UserView> answer = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "users.update", Kind, guid, login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User user = await transaction.Users.GetAsync(guid, cancellationToken);
        await RequireNotMoreAsync(transaction, context, guid, cancellationToken);
        await RequireAnotherAsync(transaction, guid, cancellationToken);
        await transaction.Users.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "users.delete", Kind, guid, user.Login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static User Applied(User user, UserRequest request)
    {
        foreach ((string field, string? value) in new[] { ("login", user.Login), ("fullName", request.FullName), ("email", request.Email) })
        {
            if (value is not null && (value.Length > TextMax || value.Any(char.IsControl)))
            {
                throw new InvalidFieldException(field, "It is too long or holds control characters.", $"Use at most {TextMax} printable characters.");
            }
        }

        return user with { FullName = request.FullName, Email = request.Email, Active = request.Active ?? user.Active };
    }

    /// <summary>Who may do less than a user may not become that user by setting its password, nor make one.</summary>
    private static async Task RequireNotMoreAsync(CatalogTransaction transaction, HttpContext context, Guid guid, CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        IReadOnlyList<GrantedPermission> granted = await transaction.Users.PermissionsAsync(guid, cancellationToken);
        if (granted.FirstOrDefault(grant => !caller.May(grant.Permission)) is { } missing)
        {
            throw new VProtectException(
                ErrorCode.Forbidden, ErrorSide.Request, $"The user has the permission '{missing.Permission}', which you do not have.", "Ask an administrator.");
        }
    }

    /// <summary>The last one who can log in may not lock the appliance for all.</summary>
    private static async Task RequireAnotherAsync(CatalogTransaction transaction, Guid guid, CancellationToken cancellationToken)
    {
        ListPage<User> all = await transaction.Users.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        if (!all.Rows.Any(user => user.Active && user.Guid != guid))
        {
            throw new VProtectException(
                ErrorCode.CatalogInUse, ErrorSide.Request, "This is the last user who can log in.", "Make another administrator first.");
        }
    }

    private static async Task<Ok<UserView>> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        User user = await session.Users.GetAsync(guid, cancellationToken);
        RowVersion.Tell(context, user.Version);
        return TypedResults.Ok(UserView.Of(user, [.. (await RolesAsync(session, guid, cancellationToken))[guid]]));
    }

    private static async Task<ILookup<Guid?, NameAndGuid>> RolesAsync(CatalogSession session, Guid? user, CancellationToken cancellationToken)
    {
        ListPage<RoleAssignment> given = await session.RoleAssignments.ListAsync(
            role: null, user, group: null, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        IReadOnlyDictionary<Guid, string> names = await session.Roles.NamesAsync([.. given.Rows.Select(row => row.RoleGuid)], cancellationToken);
        return given.Rows.ToLookup(row => row.UserGuid, row => new NameAndGuid(row.RoleGuid, names.GetValueOrDefault(row.RoleGuid)));
    }
}
