using System.Security.Cryptography;
using System.Text.Json;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;

namespace VProtect.Server.Rebuild;

/// <summary>Which appliance a catalog is of: the setting <c>appliance</c>, <c>{"guid", "life", "mark"}</c>.</summary>
internal static class ApplianceIdentities
{
    private const string Key = "appliance";
    private const int MarkBytes = 8;

    /// <summary>Reads it; the first life begins when it is asked for the first time.</summary>
    public static async Task<ApplianceIdentity> OfAsync(CatalogTransaction transaction, CancellationToken cancellationToken) =>
        await FindAsync(transaction, cancellationToken) ?? await SetAsync(transaction, new Kept(Guid.CreateVersion7(), 1, Mark: null), cancellationToken);

    /// <summary>Reads it; null before it was asked for, when nobody can have recovered it.</summary>
    public static async Task<ApplianceIdentity?> FindAsync(CatalogSession session, CancellationToken cancellationToken) =>
        await session.Settings.FindAsync(Key, cancellationToken) is { } known ? Named(JsonSerializer.Deserialize<Kept>(known.Value, JsonSerializerOptions.Web)!) : null;

    /// <summary>Begins the next life, later than its own and than <paramref name="latest"/>, with a mark of its own: somebody may recover the same copy elsewhere.</summary>
    public static async Task<ApplianceIdentity> NextLifeAsync(CatalogTransaction transaction, long latest, CancellationToken cancellationToken)
    {
        ApplianceIdentity before = await OfAsync(transaction, cancellationToken);
        return await SetAsync(transaction, new Kept(before.Guid, Math.Max(before.Life, latest) + 1, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(MarkBytes))), cancellationToken);
    }

    private static async Task<ApplianceIdentity> SetAsync(CatalogTransaction transaction, Kept kept, CancellationToken cancellationToken)
    {
        await transaction.Settings.SetAsync(Key, JsonSerializer.Serialize(kept, JsonSerializerOptions.Web), version: null, cancellationToken);
        return Named(kept);
    }

    private static ApplianceIdentity Named(Kept kept) => new(kept.Guid, kept.Life, Environment.MachineName, kept.Mark);

    private sealed record Kept(Guid Guid, long Life, string? Mark);
}
