using VProtect.Abstractions;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;

namespace VProtect.Catalog.Tests.Sql;

public sealed class EditableTableTests
{
    [Theory, BothDatabases]
    public async Task The_second_of_two_who_change_the_same_version_is_told(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine machine = catalog.NewMachine("one");
        await catalog.WriteAsync(tx => tx.Machines.InsertAsync(machine, default));

        Assert.Equal(2, await catalog.WriteAsync(tx => tx.Machines.UpdateAsync(machine with { Quiesce = true }, default)));
        Assert.Equal(
            ErrorCode.CatalogConflict,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Machines.UpdateAsync(machine with { SshPort = 22 }, default))));

        Machine now = await catalog.ReadAsync(session => session.Machines.GetAsync(machine.Guid, default));
        Assert.True(now.Quiesce);
        Assert.Null(now.SshPort);
        Assert.Equal(
            ErrorCode.CatalogConflict,
            await TestCatalog.CodeOfAsync(() => catalog.WriteAsync(tx => tx.Machines.DeleteAsync(machine.Guid, 1, default))));
    }

    [Theory, BothDatabases]
    public async Task Errors_tell_what_is_wrong(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        var destination = catalog.NewDestination("Vault");
        Machine machine = catalog.NewMachine("one");
        RestorePoint point = catalog.NewPoint(machine, destination);
        await catalog.WriteAsync(async tx =>
        {
            await tx.Destinations.InsertAsync(destination, default);
            await tx.Machines.InsertAsync(machine, default);
            await tx.RestorePoints.InsertAsync(point, default);
        });

        Task<ErrorCode> Fails(Func<CatalogTransaction, Task> change) => TestCatalog.CodeOfAsync(() => catalog.WriteAsync(change));
        Assert.Equal(ErrorCode.CatalogDuplicate, await Fails(tx => tx.Destinations.InsertAsync(catalog.NewDestination("VAULT"), default)));
        Assert.Equal(ErrorCode.CatalogInUse, await Fails(tx => tx.Machines.DeleteAsync(machine.Guid, null, default)));
        Assert.Equal(ErrorCode.CatalogInUse, await Fails(tx => tx.Destinations.DeleteAsync(destination.Guid, null, default)));
        Assert.Equal(ErrorCode.CatalogInUse, await Fails(tx => tx.RestorePoints.InsertAsync(catalog.NewPoint(catalog.NewMachine("x"), destination), default)));
        Assert.Equal(ErrorCode.CatalogInvalid, await Fails(tx => tx.Tasks.InsertAsync(catalog.NewTask() with { Priority = 101 }, default)));
        Assert.Equal(ErrorCode.CatalogNotFound, await Fails(tx => tx.Machines.UpdateAsync(catalog.NewMachine("x"), default)));
        Assert.Equal(ErrorCode.CatalogNotFound, await Fails(tx => tx.Machines.DeleteAsync(Guid.NewGuid(), null, default)));
    }

    [Theory, BothDatabases]
    public async Task Nothing_of_a_transaction_that_is_not_committed_stays(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine machine = catalog.NewMachine("one");
        await using (CatalogTransaction tx = await catalog.Database.BeginAsync(default))
        {
            await tx.Machines.InsertAsync(machine, default);
            Assert.NotNull(await tx.Machines.FindAsync(machine.Guid, default));
        }

        Assert.Null(await catalog.ReadAsync(session => session.Machines.FindAsync(machine.Guid, default)));
    }

    [Theory, BothDatabases]
    public async Task A_reader_sees_one_instant_and_waits_for_nobody(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        await using CatalogSession reader = await catalog.Database.ReadAsync(default);
        Assert.Equal(0, (await reader.Machines.ListAsync(new MachineFilter(), new(), default)).Total);

        await catalog.WriteAsync(tx => tx.Machines.InsertAsync(catalog.NewMachine("one"), default));

        Assert.Equal(0, (await reader.Machines.ListAsync(new MachineFilter(), new(), default)).Total);
        Assert.Equal(1, (await catalog.ReadAsync(later => later.Machines.ListAsync(new MachineFilter(), new(), default))).Total);
        await Assert.ThrowsAsync<InvalidOperationException>(() => reader.Machines.InsertAsync(catalog.NewMachine("two"), default));
    }

    [Theory, BothDatabases]
    public async Task Writers_queue_instead_of_failing(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await catalog.WriteAsync(tx => tx.Machines.InsertAsync(catalog.NewMachine($"{writer}-{i}"), default));
                await catalog.ReadAsync(session => session.Machines.ListAsync(new MachineFilter(), new(), default));
            }
        })));

        Assert.Equal(80, (await catalog.ReadAsync(session => session.Machines.ListAsync(new MachineFilter(), new(), default))).Total);
    }

    [Theory, BothDatabases]
    public async Task Names_are_found_for_the_references_of_a_page(CatalogProvider provider)
    {
        await using TestCatalog catalog = await TestCatalog.CreateAsync(provider);
        Machine[] machines = [.. Enumerable.Range(0, 5).Select(i => catalog.NewMachine($"m{i}"))];
        await catalog.WriteAsync(tx => tx.Machines.InsertManyAsync(machines, default));

        IReadOnlyDictionary<Guid, string> names = await catalog.ReadAsync(
            session => session.Machines.NamesAsync([machines[1].Guid, machines[3].Guid, machines[1].Guid, Guid.NewGuid()], default));

        Assert.Equal(2, names.Count);
        Assert.Equal("m3", names[machines[3].Guid]);
        Assert.Empty(await catalog.ReadAsync(session => session.Machines.FindManyAsync([], default)));
    }
}
