using VProtect.Catalog.Audit;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog.Tests.Audit;

public sealed class AuditTests
{
    [Theory, BothDatabases]
    public async Task Entries_form_a_chain_whoever_appends(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 5; i++)
            {
                await catalog.WriteAsync(tx => tx.Audit.AppendAsync(Entry(catalog, $"user{writer}"), default));
            }
        })));

        IReadOnlyList<AuditEntry> all = await catalog.ReadAsync(session => session.Audit.ListAsync(null, null, null, null, 100, default));
        Assert.Equal(Enumerable.Range(1, 20).Reverse().Select(i => (long)i), all.Select(entry => entry.Seq));
        Assert.Null(await catalog.ReadAsync(session => session.Audit.VerifyAsync(default)));
        Assert.Equal(all[0].Hash, (await catalog.ReadAsync(session => session.Audit.NewestAsync(default)))!.Hash);
        Assert.Equal(all[^1].Hash, (await catalog.ReadAsync(session => session.Audit.FindAsync(1, default)))!.Hash);
        Assert.Null(await catalog.ReadAsync(session => session.Audit.FindAsync(21, default)));
        IReadOnlyList<AuditEntry> some = await catalog.ReadAsync(session => session.Audit.ListAsync("user1", "login", null, all[0].Seq, 2, default));
        Assert.Equal(2, some.Count);
        Assert.All(some, entry => Assert.Equal("user1", entry.Actor));
    }

    [Theory, BothDatabases]
    public async Task A_changed_or_removed_entry_is_found(CatalogProvider provider)
    {
        foreach (string tampering in (string[])
            ["UPDATE audit SET actor = 'nobody' WHERE seq = 3", "DELETE FROM audit WHERE seq = 3", "UPDATE audit SET at = at + 1 WHERE seq = 3",
            "UPDATE audit SET address = '' WHERE seq = 3"])
        {
            await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
            for (int i = 0; i < 5; i++)
            {
                await catalog.WriteAsync(tx => tx.Audit.AppendAsync(Entry(catalog, "admin"), default));
            }

            await catalog.WriteAsync(tx => tx.ExecuteAsync(SqlText.Raw(tampering), default));

            Assert.Equal(3, await catalog.ReadAsync(session => session.Audit.VerifyAsync(default)));
        }
    }

    private static AuditEntry Entry(TestCatalog catalog, string actor) =>
        new() { At = catalog.Clock.Now, Actor = actor, Action = "login", Outcome = AuditOutcome.Success };
}
