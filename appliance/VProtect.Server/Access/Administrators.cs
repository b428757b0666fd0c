using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Access;

/// <summary>Keeps the appliance from being locked for all.</summary>
internal static class Administrators
{
    /// <summary>Refuses, at the end of a change, what leaves no active user of the appliance itself who may do everything.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.CatalogInUse"/>.</exception>
    public static async Task RequireOneAsync(CatalogTransaction transaction, CancellationToken cancellationToken)
    {
        var all = new ListQuery { Size = ListQuery.SizeMax };
        foreach (RoleAssignment given in (await transaction.RoleAssignments.ListAsync(role: null, user: null, group: null, all, cancellationToken)).Rows.Where(row => row.ScopeKind is null))
        {
            if (!(await transaction.Roles.PermissionsAsync(given.RoleGuid, cancellationToken)).Contains(Permission.Everything))
            {
                continue;
            }

            IReadOnlyList<Guid> users = given.UserGuid is { } one ? [one] : await transaction.Groups.MembersAsync(given.GroupGuid!.Value, cancellationToken);
            if ((await transaction.Users.FindManyAsync(users, cancellationToken)).Any(user => user is { Active: true, Source: UserSource.Local }))
            {
                return;
            }
        }

        throw new VProtectException(
            ErrorCode.CatalogInUse, ErrorSide.Request, "This would leave no active local user who may do everything.", "Give another user the role ADMIN first.");
    }
}
