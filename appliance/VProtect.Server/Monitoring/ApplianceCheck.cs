using VProtect.Catalog;
using VProtect.Server.Access;

namespace VProtect.Server.Monitoring;

/// <summary>
/// Looks whether what the appliance rests on is whole: pages, indexes and references of the catalog, that every secret opens, the chain of the audit log.
/// It reads all of it, seconds for each GiB, so it is done when asked for, never by <c>/health</c>.
/// </summary>
internal sealed class ApplianceCheck(CatalogDatabase catalog, KeyRotation secrets, AuditHead audit)
{
    /// <returns>What is amiss, for people; empty when nothing is.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> damage = await catalog.CheckAsync(cancellationToken);
        if (damage.Count > 0)
        {
            // What else is read of it would not be worth much.
            return [.. damage.Select(row => $"The catalog is damaged: {row}")];
        }

        return
        [
            .. (await secrets.UnreadableAsync(cancellationToken)).Select(purpose => $"The secret of {purpose} cannot be opened with this appliance's key: enter it again."),
            .. (await audit.VerifyAsync(cancellationToken)).Findings,
        ];
    }
}
