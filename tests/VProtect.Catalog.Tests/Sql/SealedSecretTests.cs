using VProtect.Catalog.Access;
using VProtect.Catalog.Inventory;

namespace VProtect.Catalog.Tests.Sql;

public sealed class SealedSecretTests
{
    [Theory]
    [BothDatabases]
    public async Task Every_secret_is_listed_and_replaced_and_a_stale_row_is_refused(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        var credential = new Credential { Name = "lab", Kind = CredentialKind.Password, Sealed = [1], CreatedAt = catalog.Clock.Now, ChangedAt = catalog.Clock.Now };
        await catalog.WriteAsync(transaction => transaction.Credentials.InsertAsync(credential, default));
        await catalog.WriteAsync(transaction => transaction.Destinations.InsertAsync(catalog.NewDestination("open"), default));
        await catalog.WriteAsync(transaction => transaction.Destinations.InsertAsync(catalog.NewDestination("closed") with { SealedKey = [2] }, default));

        IReadOnlyList<SealedSecret> all = await catalog.ReadAsync(session => session.SealedSecrets.AllAsync(default));
        Assert.Equal([("credentials", 1), ("destinations", 2)], all.Select(secret => (secret.Table, (int)secret.Sealed[0])));
        await catalog.WriteAsync(async transaction =>
        {
            foreach (SealedSecret secret in all)
            {
                await transaction.SealedSecrets.ReplaceAsync(secret with { Sealed = [9] }, default);
            }
        });

        Assert.All(await catalog.ReadAsync(session => session.SealedSecrets.AllAsync(default)), secret => Assert.Equal([9], secret.Sealed));
        Assert.Equal(
            Abstractions.ErrorCode.CatalogConflict,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(transaction => transaction.Credentials.UpdateAsync(credential, default))));
        Assert.Empty(await catalog.Database.CheckAsync(default));
    }

    [Fact]
    public void Every_column_of_sealed_bytes_is_among_them()
    {
        IEnumerable<string> columns =
            from row in typeof(Credential).Assembly.GetTypes()
            from property in row.GetProperties()
            where property.PropertyType == typeof(byte[]) && property.Name.StartsWith("Sealed", StringComparison.Ordinal) && typeof(Catalog.Sql.IEntity).IsAssignableFrom(row)
            select $"{row.Name}.{property.Name}";
        Assert.Equal(["Credential.Sealed", "Destination.SealedKey", "User.SealedTotp"], columns.Order());
        Assert.Equal(["credentials.sealed", "destinations.sealed_key", "users.sealed_totp"], SealedSecretTable.Columns.Select(column => $"{column.Table}.{column.Column}").Order());
    }
}
