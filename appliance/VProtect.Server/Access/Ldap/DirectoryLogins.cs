using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Sql;

namespace VProtect.Server.Access.Ldap;

/// <summary>
/// Users of the directory as users of the appliance: one for each distinguished name, made at the first login of who is in a group that is known here, with the memberships that the
/// directory tells at every login.
/// </summary>
internal static class DirectoryLogins
{
    /// <summary>The user, made or brought up to date; null when it is in no group that is known here, or its login is taken by another.</summary>
    public static async Task<User?> TakeInAsync(CatalogTransaction transaction, string login, DirectoryUser known, DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<Group> groups = [];
        List<Group> others = [];
        foreach (Group group in (await transaction.Groups.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows.Where(group => group.Source == UserSource.Ldap))
        {
            (known.Groups.Contains(group.ExternalId, StringComparer.OrdinalIgnoreCase) ? groups : others).Add(group);
        }

        // One user for each name of the directory, whichever of its logins was typed: a second one would be without the second factor of the first.
        User? user = await transaction.Users.FindByExternalIdAsync(UserSource.Ldap, known.Dn, cancellationToken)
            ?? await transaction.Users.FindByLoginAsync(login, cancellationToken);
        if (user is null && groups.Count > 0)
        {
            user = new User { Login = login, Source = UserSource.Ldap, ExternalId = known.Dn, FullName = known.FullName, Email = known.Email, CreatedAt = now };
            await transaction.Users.InsertAsync(user, cancellationToken);
        }
        else if (user is { Source: UserSource.Ldap })
        {
            user = user with { ExternalId = known.Dn, FullName = known.FullName, Email = known.Email };
            user = user with { Version = await transaction.Users.UpdateAsync(user, cancellationToken) };
        }

        if (user is not { Source: UserSource.Ldap })
        {
            return null;
        }

        foreach (Group group in groups.Concat(others))
        {
            List<Guid> members = [.. await transaction.Groups.MembersAsync(group.Guid, cancellationToken)];
            bool belongs = groups.Contains(group);
            if (members.Contains(user.Guid) != belongs)
            {
                await transaction.Groups.SetMembersAsync(group.Guid, belongs ? [.. members, user.Guid] : [.. members.Where(member => member != user.Guid)], cancellationToken);
            }
        }

        return groups.Count > 0 ? user : null;
    }
}
