using VProtect.Catalog.Inventory;

namespace VProtect.Catalog.Tests;

public sealed class CatalogChangesTests
{
    [Theory, BothDatabases]
    public async Task Listeners_hear_what_was_committed_and_nothing_else(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await using IAsyncEnumerator<CatalogChange> changes = catalog.Database.Changes.Listen(default).GetAsyncEnumerator();
        Machine machine = catalog.NewMachine("one");
        await using (CatalogTransaction undone = await catalog.Database.BeginAsync(default))
        {
            await undone.Machines.InsertAsync(catalog.NewMachine("undone"), default);
        }

        await catalog.WriteAsync(async tx =>
        {
            await tx.Machines.InsertAsync(machine, default);
            await tx.Machines.UpdateAsync(machine with { Quiesce = true }, default);
        });
        await catalog.WriteAsync(tx => tx.Machines.DeleteAsync(machine.Guid, 2, default));

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new CatalogChange("machines", machine.Guid, CatalogChangeKind.Inserted), changes.Current);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new CatalogChange("machines", machine.Guid, CatalogChangeKind.Deleted), changes.Current);
    }

    [Fact]
    public async Task A_slow_listener_holds_nobody_up_and_is_told_to_read_again()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        await using IAsyncEnumerator<CatalogChange> changes = catalog.Database.Changes.Listen(default).GetAsyncEnumerator();
        await catalog.WriteAsync(async tx =>
        {
            for (int i = 0; i < CatalogChanges.QueuedMax + 10; i++)
            {
                await tx.Machines.InsertAsync(catalog.NewMachine($"m{i}"), default);
            }
        });

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(CatalogChangeKind.Reset, changes.Current.Kind);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(CatalogChangeKind.Inserted, changes.Current.Kind);
    }

    [Fact]
    public async Task Listening_ends_when_cancelled()
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(CatalogProvider.Sqlite);
        using var stop = new CancellationTokenSource();
        await using IAsyncEnumerator<CatalogChange> changes = catalog.Database.Changes.Listen(stop.Token).GetAsyncEnumerator(default);
        ValueTask<bool> waiting = changes.MoveNextAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }
}
