using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Users;

/// <summary>Who may log in. Nobody makes, changes or removes a user who may more than himself.</summary>
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
        users.MapDelete("/{guid:guid}/second-factor", ResetSecondFactorAsync)
            .Describe("Takes a user's second factor away, for one who has lost it and the recovery codes; ends its sessions.", Permission.UsersWrite, 404);
    }

    private static async Task<NoContent> ResetSecondFactorAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        User user = await transaction.Users.GetAsync(guid, cancellationToken);
        await RequireNotMoreAsync(transaction, context, guid, cancellationToken);
        await transaction.Users.UpdateAsync(user with { SealedTotp = null }, cancellationToken);
        await Sessions.EndAllAsync(transaction, guid, except: null, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "users.reset-second-factor", Kind, guid, user.Login, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
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
        await SetRolesAsync(transaction, user.Guid, request.Roles, cancellationToken);
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

        if (hash is not null && before.Source != UserSource.Local)
        {
            throw new InvalidFieldException("password", "A directory knows this user's password.", "Change it there.");
        }

        await transaction.Users.UpdateAsync(user, cancellationToken);
        await SetRolesAsync(transaction, guid, request.Roles, cancellationToken);
        await RequireNotMoreAsync(transaction, context, guid, cancellationToken);
        await Administrators.RequireOneAsync(transaction, cancellationToken);
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
        await transaction.Users.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await Administrators.RequireOneAsync(transaction, cancellationToken);
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

    /// <summary>Who may do less than a user may not become that user by setting its password, nor make one. A right for selected objects is less than one for everything.</summary>
    private static async Task RequireNotMoreAsync(CatalogTransaction transaction, HttpContext context, Guid guid, CancellationToken cancellationToken) =>
        Caller.Of(context).RequireToHave((await transaction.Users.PermissionsAsync(guid, cancellationToken)).Select(grant => grant.Permission));

    /// <summary>Gives a user these roles for everything, in the place of those it has for everything; null leaves them. What it has for selected objects stays.</summary>
    private static async Task SetRolesAsync(CatalogTransaction transaction, Guid user, IReadOnlyList<NameAndGuid>? roles, CancellationToken cancellationToken)
    {
        if (roles is null)
        {
            return;
        }

        HashSet<Guid> wanted = [.. roles.Select(role => role.Guid)];
        foreach (Guid role in wanted)
        {
            if (await transaction.Roles.FindAsync(role, cancellationToken) is null)
            {
                throw new InvalidFieldException("roles", $"There is no role {role}.", "GET /api/roles lists them.");
            }
        }

        ListPage<RoleAssignment> given = await transaction.RoleAssignments.ListAsync(
            role: null, user, group: null, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        foreach (RoleAssignment row in given.Rows.Where(row => row.ScopeKind is null && !wanted.Remove(row.RoleGuid)))
        {
            await transaction.RoleAssignments.DeleteAsync(row.Guid, version: null, cancellationToken);
        }

        foreach (Guid role in wanted)
        {
            await transaction.RoleAssignments.InsertAsync(new RoleAssignment { RoleGuid = role, UserGuid = user }, cancellationToken);
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
        return given.Rows.Where(row => row.ScopeKind is null).ToLookup(row => row.UserGuid, row => new NameAndGuid(row.RoleGuid, names.GetValueOrDefault(row.RoleGuid)));
    }
}
