using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Access;

/// <summary>The administrator of a new appliance: made when there is no user at all, with a password that is shown once.</summary>
internal static class FirstAdministrator
{
    public const string Login = "admin";

    /// <summary>The role that may do everything.</summary>
    public const string AdminRole = "ADMIN";

    /// <returns>The password, when the administrator was made now; else null.</returns>
    public static async Task<string?> MakeAsync(CatalogDatabase catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            if ((await session.Users.ListAsync(new ListQuery { Size = 1 }, cancellationToken)).Total > 0)
            {
                return null;
            }
        }

        string password = SecretToken.NewPassword();
        var user = new User { Login = Login, FullName = "Administrator", PasswordHash = PasswordHash.Of(password), MustChangePassword = true, CreatedAt = time.GetUtcNow() };
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Users.InsertAsync(user, cancellationToken);
        await GiveRoleAsync(transaction, user.Guid, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return password;
    }

    /// <summary>Gives a user the role ADMIN, which is there since the start.</summary>
    private static async Task GiveRoleAsync(CatalogTransaction transaction, Guid user, CancellationToken cancellationToken)
    {
        Role role = (await transaction.Roles.ListAsync(new ListQuery { Filter = AdminRole, Size = 100 }, cancellationToken))
            .Rows.First(row => row.BuiltIn && row.Name == AdminRole);
        await transaction.RoleAssignments.InsertAsync(new RoleAssignment { RoleGuid = role.Guid, UserGuid = user }, cancellationToken);
    }
}
