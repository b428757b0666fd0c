using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Settings;

/// <summary>Global settings: JSON values under dotted keys.</summary>
public sealed class SettingTable
{
    private static readonly TableMap<Setting> Rows = new("settings");
    private readonly CatalogSession _session;

    internal SettingTable(CatalogSession session)
    {
        _session = session;
    }

    /// <summary>All settings, by key.</summary>
    public async Task<IReadOnlyList<Setting>> AllAsync(CancellationToken cancellationToken) =>
        await _session.QueryAsync($"SELECT {Rows.Select} FROM settings ORDER BY key", Rows.Read, cancellationToken);

    /// <summary>A setting, or null when it was never set.</summary>
    public async Task<Setting?> FindAsync(string key, CancellationToken cancellationToken) =>
        (await _session.QueryAsync($"SELECT {Rows.Select} FROM settings WHERE key = {key}", Rows.Read, cancellationToken)).FirstOrDefault();

    /// <summary>Sets a value. Listeners hear that the table changed.</summary>
    /// <param name="key">Dotted name.</param>
    /// <param name="value">JSON.</param>
    /// <param name="version">Version that it must have, 0 that it must be new; null whatever it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="Abstractions.VProtectException"><see cref="Abstractions.ErrorCode.CatalogConflict"/>.</exception>
    public async Task<long> SetAsync(string key, string value, long? version, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        SqlText expected = version is { } known ? SqlText.Of($" WHERE settings.version = {known}") : SqlText.Raw("");
        int changed = await writer.ExecuteAsync(
            $"""
            INSERT INTO settings (key, value, version) VALUES ({key}, {value}, 1)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = settings.version + 1{expected}
            """,
            cancellationToken);
        Setting? now = await FindAsync(key, cancellationToken);
        if (changed == 0 || (version is > 0 && now!.Version != version + 1))
        {
            throw CatalogErrors.Conflict($"settings ({key})", Guid.Empty);
        }

        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
        return now!.Version;
    }

    /// <summary>Removes a setting, so that its default holds again.</summary>
    public async Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        CatalogTransaction writer = _session.Writer;
        await writer.ExecuteAsync($"DELETE FROM settings WHERE key = {key}", cancellationToken);
        writer.Changed(Rows.Name, Guid.Empty, CatalogChangeKind.Reset);
    }
}
