using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>An appliance is lost with its catalog and keys; what is left is a repository and the recovery key that somebody wrote down.</summary>
public sealed class LostApplianceTests
{
    [Fact]
    public async Task Another_appliance_with_the_repository_and_its_recovery_key_restores_everything()
    {
        using var directory = new TemporaryDirectory();
        var destination = new { name = "offsite", settings = new { path = directory["repository"] } };
        var contents = new List<List<byte[]>>();
        string recoveryKey;
        await using (ApplianceSite lost = await ApplianceSite.BeginAsync(datacenter => TestMachine.Add(datacenter, "web", 21, 3 << 20, 1 << 20)))
        {
            JsonElement made = await lost.Client.PostAsync("/api/backup-destinations", destination);
            recoveryKey = made.GetProperty("recoveryKey").GetString()!;
            string offsite = made.GetProperty("guid").GetString()!;
            string machine = await lost.MachineAsync(Assert.Single(lost.Machines()));
            foreach (int seed in (int[])[1, 2])
            {
                string uuid = lost.Machines()[0];
                await lost.Datacenter.WriteAsync(uuid, lost.Datacenter.Machine(uuid).Disks[0].Id, 100_000 * seed, RandomDisk.Create(new Random(seed), 50_000));
                contents.Add(await TestMachine.ReadAsync(lost.Datacenter, uuid));
                await lost.BackUpAsync(machine, destination: offsite);
            }

            await lost.KillAsync();
        }

        await using ApplianceSite other = await ApplianceSite.BeginAsync(_ => { });
        await Assert.ThrowsAsync<ApplianceRefusal>(() => other.Client.PostAsync("/api/backup-destinations", new { destination.name, destination.settings, passphrase = "none of it" }));
        await other.Client.PostAsync("/api/backup-destinations", new { destination.name, destination.settings, passphrase = recoveryKey });
        JsonElement known = Assert.Single((await other.Client.GetAsync("/api/virtual-machines")).EnumerateArray());
        Assert.Equal(("web", false), (known.GetProperty("name").GetString(), known.GetProperty("present").GetBoolean()));
        List<string> backups = await other.BackupsAsync(known.GetProperty("guid").GetString()!);
        Assert.Equal(contents[1], await other.RestoreAsync(backups[0]));
        Assert.Equal(contents[0], await other.RestoreAsync(backups[1]));
        await other.SucceedsAsync(await other.AskAsync("mount", new { backup = new { guid = backups[0] } }));

        // As a machine, on a platform that never saw it.
        await other.SucceedsAsync(await other.AskImportAsync(backups[0], "web again"));
        string restored = Assert.Single(other.Machines());
        Assert.Equal(contents[1], await TestMachine.ReadAsync(other.Datacenter, restored));
    }
}
