using System.Diagnostics;
using VProtect.Catalog.Inventory;

namespace VProtect.Catalog.Tests;

public sealed class KillTests
{
    // Another process writes and tells of each commit; it is killed, nothing that it told of may be missing, and no half of a transaction be there.
    [Fact]
    public async Task A_killed_writer_loses_nothing_that_it_committed()
    {
        int rounds = int.Parse(Environment.GetEnvironmentVariable("VPROTECT_KILLS") ?? "3");
        CatalogOptions options = TestCatalog.NewPlace(CatalogProvider.Sqlite, migrated: true, out string? directory);
        List<Guid> told = [];
        for (int round = 0; round < rounds; round++)
        {
            using var writer = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(KillTests).Assembly.Location, "write-until-killed", options.Path!])
            {
                RedirectStandardOutput = true,
            })!;
            for (int i = 0; i < 20 + (7 * round); i++)
            {
                told.Add(Guid.Parse((await writer.StandardOutput.ReadLineAsync())!));
            }

            writer.Kill();
            while (await writer.StandardOutput.ReadLineAsync() is { } late)
            {
                if (Guid.TryParse(late, out Guid guid))
                {
                    told.Add(guid);
                }
            }

            await writer.WaitForExitAsync();
            await using CatalogDatabase database = await CatalogDatabase.OpenAsync(options, default);
            await using CatalogSession session = await database.ReadAsync(default);
            Assert.Equal(told.Count, (await session.Machines.FindManyAsync(told, default)).Count);
            ILookup<Guid, string> tags = await session.Machines.TagsAsync(told, default);
            Assert.All(told, machine => Assert.Equal(3, tags[machine].Count()));
            long machines = (await session.Machines.ListAsync(new MachineFilter(), new(), default)).Total;
            Assert.Equal(machines * 3, await session.NumberAsync($"SELECT COUNT(*) FROM machine_tags", default));
            Assert.Empty(await database.CheckAsync(default));
        }

        Directory.Delete(directory!, recursive: true);
    }

    /// <summary>What the killed process does.</summary>
    public static async Task<int> WriteUntilKilledAsync(string path)
    {
        await using CatalogDatabase database = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = path }, default);
        while (true)
        {
            var machine = new Machine { Name = $"m-{Guid.NewGuid()}", Uuid = "u", Platform = "KVM", FirstSeenAt = DateTimeOffset.UtcNow };
            await using CatalogTransaction tx = await database.BeginAsync(default);
            await tx.Machines.InsertAsync(machine, default);
            await tx.Machines.SetTagsAsync(machine.Guid, ["a", "b", "c"], default);
            await tx.CommitAsync(default);
            Console.WriteLine(machine.Guid);
        }
    }
}
