using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Sql;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Shared;

/// <summary>References in requests, and refusals that are about them.</summary>
internal static class Reference
{
    private const string Fix = "Send the guid of one that exists.";

    /// <summary>The row that a field refers to; null when the field is null.</summary>
    /// <exception cref="InvalidFieldException">There is no such row.</exception>
    public static async Task<TRow?> FindAsync<TRow>(EntityTable<TRow> table, NameAndGuid? reference, string field, CancellationToken cancellationToken)
        where TRow : class, IEntity =>
        reference is null
            ? null
            : await table.FindAsync(reference.Guid, cancellationToken) ?? throw new InvalidFieldException(field, $"There is no {reference.Guid}.", Fix);

    /// <summary>The rows that a list refers to; notes those that are not there.</summary>
    /// <returns>The rows by identity.</returns>
    public static async Task<IReadOnlyDictionary<Guid, TRow>> FindAllAsync<TRow>(
        EntityTable<TRow> table, IReadOnlyList<Guid> guids, Func<int, string> field, FieldProblems problems, CancellationToken cancellationToken)
        where TRow : class, IEntity
    {
        if (guids.Count == 0)
        {
            return new Dictionary<Guid, TRow>();
        }

        Dictionary<Guid, TRow> found = (await table.FindManyAsync([.. guids.Distinct()], cancellationToken)).ToDictionary(row => row.Guid);
        foreach ((int i, Guid guid) in guids.Index())
        {
            problems.Require(found.ContainsKey(guid), field(i), $"There is no {guid}.", Fix);
        }

        return found;
    }

    /// <summary>The answer for an object that is not there, or not of the kind that is asked for.</summary>
    public static VProtectException Missing(string what, Guid guid) => new(
        ErrorCode.CatalogNotFound, ErrorSide.Request, $"There is no {what} {guid}.", "It may have been deleted; list again.");

    /// <summary>Refuses to delete what others use, naming them.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.CatalogInUse"/>.</exception>
    public static void RequireUnused(string what, IReadOnlyList<CatalogUse> uses)
    {
        if (uses.Count > 0)
        {
            string users = string.Join(", ", uses.Select(use => $"'{use.Name}' ({use.Table.Replace('_', ' ')})"));
            throw new VProtectException(ErrorCode.CatalogInUse, ErrorSide.Request, $"{what} is used by {users}.", "Take it out there first.");
        }
    }
}
