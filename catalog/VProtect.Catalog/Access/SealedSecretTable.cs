using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Access;

/// <summary>Every sealed secret that rows hold, for whoever changes the key that they are sealed with. Those within settings are not among them.</summary>
public sealed class SealedSecretTable
{
    private readonly CatalogSession _session;

    internal SealedSecretTable(CatalogSession session)
    {
        // Through a view some would be left out, and be lost with the key.
        _session = session.View is null ? session : throw new InvalidOperationException("Who sees a part of the catalog changes no key.");
    }

    /// <summary>Columns that hold sealed bytes. A test compares them with the schema.</summary>
    public static IReadOnlyList<(string Table, string Column)> Columns { get; } = [("credentials", "sealed"), ("destinations", "sealed_key"), ("users", "sealed_totp")];

    /// <summary>All of them, in no order.</summary>
    public async Task<IReadOnlyList<SealedSecret>> AllAsync(CancellationToken cancellationToken)
    {
        List<SealedSecret> all = [];
        foreach ((string table, string column) in Columns)
        {
            (SqlText from, SqlText name) = (SqlText.Raw(table), SqlText.Raw(column));
            all.AddRange(await _session.QueryAsync(
                $"SELECT guid, {name} FROM {from} WHERE length({name}) > 0", // Empty: another appliance has one.
                row => new SealedSecret(table, column, Guid.ParseExact(row.GetString(0), "D"), (byte[])row.GetValue(1)),
                cancellationToken));
        }

        return all;
    }

    /// <summary>Puts other bytes in the place of a secret. A new version of its row: who read the row before must not write the old bytes back.</summary>
    public async Task ReplaceAsync(SealedSecret secret, CancellationToken cancellationToken)
    {
        (SqlText table, SqlText column) = Columns.Contains((secret.Table, secret.Column))
            ? (SqlText.Raw(secret.Table), SqlText.Raw(secret.Column))
            : throw new ArgumentException("It is no column of secrets.", nameof(secret));
        CatalogTransaction writer = _session.Writer;
        await writer.ExecuteAsync($"UPDATE {table} SET {column} = {secret.Sealed}, version = version + 1 WHERE guid = {secret.Guid}", cancellationToken);
        writer.Changed(secret.Table, secret.Guid, CatalogChangeKind.Updated);
    }
}
