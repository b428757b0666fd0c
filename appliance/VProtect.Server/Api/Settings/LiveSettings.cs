using System.Text.Json;
using VProtect.Catalog;
using VProtect.Catalog.Settings;

namespace VProtect.Server.Api.Settings;

/// <summary>The settings that hold now. Read at start and after every change; readers see one whole state.</summary>
internal sealed class LiveSettings
{
    /// <summary>Row of the catalog that holds the document.</summary>
    public const string Key = "global";

    private GlobalSettings _current = new();

    public GlobalSettings Current => Volatile.Read(ref _current);

    /// <summary>Reads the stored document; settings that it does not name have their defaults.</summary>
    public static async Task<(GlobalSettings Settings, long Version)> ReadAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        Setting? row = await session.Settings.FindAsync(Key, cancellationToken);
        return row is null ? (new GlobalSettings(), 0) : (JsonSerializer.Deserialize<GlobalSettings>(row.Value, JsonSerializerOptions.Web)!, row.Version);
    }

    public async Task ReloadAsync(CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        Volatile.Write(ref _current, (await ReadAsync(session, cancellationToken)).Settings);
    }
}
