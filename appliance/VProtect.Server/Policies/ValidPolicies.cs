using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Server.Validation;

namespace VProtect.Server.Policies;

/// <summary>Policies out of the catalog that can act; one that is not valid any more is left out.</summary>
internal static class ValidPolicies
{
    /// <summary>All of a kind.</summary>
    public static async Task<IReadOnlyList<PolicyModel>> AllAsync(CatalogSession session, PolicyKind kind, CancellationToken cancellationToken) =>
        [.. (await PolicyReading.AllAsync(session, kind, cancellationToken)).Select(Find).OfType<PolicyModel>()];

    private static PolicyModel? Find(PolicyConfig config)
    {
        try
        {
            return PolicyValidation.Validate(config);
        }
        catch (InvalidFieldsException)
        {
            return null;
        }
    }
}
