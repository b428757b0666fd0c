using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>What the tests ask for.</summary>
internal sealed partial class ApplianceSite
{
    public async Task<string> AddDestinationAsync(string name, string path)
    {
        Directory.CreateDirectory(path);
        return (await Client.PostAsync("/api/backup-destinations", new { name, type = "FILESYSTEM", settings = new { path } })).GetProperty("guid").GetString()!;
    }

    /// <summary>Reads the inventory.</summary>
    public async Task SyncAsync() => await SucceedsAsync(await AskAsync("inventory-sync", new { hypervisor = new { guid = Hypervisor } }));

    /// <summary>The guid by which the appliance knows a machine of the platform.</summary>
    public async Task<string> MachineAsync(string uuid)
    {
        JsonElement machines = await Client.GetAsync("/api/virtual-machines");
        return Assert.Single(machines.EnumerateArray(), machine => machine.GetProperty("uuid").GetString() == uuid).GetProperty("guid").GetString()!;
    }

    /// <summary>Makes a policy with one rule and one machine.</summary>
    public async Task<(string Rule, string Policy)> MakePolicyAsync(string name, string destination, TestMachine machine)
    {
        JsonElement policy = await Client.PostAsync("/api/policies/vm-backup", new
        {
            name,
            vms = new[] { new { guid = machine.Guid } },
            rules = new[]
            {
                new
                {
                    name = "rule of " + name,
                    ruleBackupDestinations = new
                    {
                        primaryBackupDestination = new { backupDestination = new { guid = destination }, backupRetentionSettings = new { retentionKeepLastNFull = 10 } },
                    },
                },
            },
        });
        string guid = policy.GetProperty("guid").GetString()!;
        policy = await Client.GetAsync($"/api/policies/vm-backup/{guid}");
        return (policy.GetProperty("rules")[0].GetProperty("guid").GetString()!, guid);
    }

    /// <summary>Makes a schedule that runs a rule in a moment.</summary>
    public async Task RunScheduleSoonAsync(string rule, string backupType)
    {
        TimeSpan soon = DateTimeOffset.UtcNow.AddSeconds(2).TimeOfDay;
        await Client.PostAsync("/api/schedules", new
        {
            name = "soon",
            active = true,
            type = "VM_BACKUP",
            backupType,
            executionType = "TIME",
            hour = (long)soon.TotalMilliseconds,
            daysOfWeek = new[] { "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY" },
            startWindowLength = 3_600_000,
            rules = new[] { new { guid = rule } },
        });
    }

    /// <summary>Asks for work.</summary>
    /// <returns>Guid of the task that leads it.</returns>
    public async Task<string> AskAsync(string path, object body)
    {
        JsonElement answer = await Client.PostAsync("/api/tasks/" + path, body);
        return (answer.ValueKind == JsonValueKind.Array ? answer[0] : answer).GetProperty("guid").GetString()!;
    }

    public Task<string> AskBackupAsync(string machine, bool isFull = false, string? destination = null) => AskAsync("export", new
    {
        protectedEntities = new[] { new { guid = machine } },
        protectedEntityType = "VM",
        backupType = isFull ? "FULL" : "INCREMENTAL",
        backupDestination = new { guid = destination ?? Destination },
    });

    /// <summary>Backs a machine up.</summary>
    /// <returns>Guid of the backup.</returns>
    public async Task<string> BackUpAsync(string machine, bool isFull = false, string? destination = null) =>
        BackupOf(await SucceedsAsync(await AskBackupAsync(machine, isFull, destination)));

    public Task<string> AskRestoreAsync(string backup, string directory) => AskAsync("restore", new { backup = new { guid = backup }, restorePath = directory });

    public Task<string> AskImportAsync(string backup, string name, bool overwrites = false) => AskAsync("restore-and-import", new
    {
        backup = new { guid = backup },
        hypervisor = new { guid = Hypervisor },
        restoredPeName = name,
        overwrite = overwrites,
    });

    /// <summary>Restores a backup to a directory.</summary>
    /// <returns>Bytes of its disks, in order; the documents that come with them are left out.</returns>
    public async Task<List<byte[]>> RestoreAsync(string backup)
    {
        string directory = this[$"restored-{Guid.NewGuid():N}"];
        await SucceedsAsync(await AskRestoreAsync(backup, directory));
        List<byte[]> disks = [.. Directory.EnumerateFiles(directory, "*.raw").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        Directory.Delete(directory, recursive: true);
        return disks;
    }

    public Task<string> AskSnapshotAsync(string machine) =>
        AskAsync("vm-snapshot", new { protectedEntities = new[] { new { guid = machine } }, protectedEntityType = "VM" });

    /// <summary>The newest snapshot that the appliance took of a machine.</summary>
    public async Task<string> NewestSnapshotAsync(string machine) =>
        (await Client.GetAsync($"/api/snapshots?virtual-machine={machine}"))[0].GetProperty("guid").GetString()!;

    /// <summary>Guids of a machine's backups in a state, newest first.</summary>
    public async Task<List<string>> BackupsAsync(string machine, string status = "SUCCESS") =>
    [
        .. (await Client.GetAsync($"/api/backups?protected-entity={machine}&status={status}")).EnumerateArray().Select(backup => backup.GetProperty("guid").GetString()!),
    ];

    /// <summary>Verifies a destination, which must be sound.</summary>
    public async Task VerifyAsync(string destination) => await SucceedsAsync(await AskVerifyAsync(destination));

    public Task<string> AskVerifyAsync(string destination) => AskAsync("verify", new { backupDestination = new { guid = destination }, samplePercent = 100 });

    /// <summary>Uuids of the machines on the platform.</summary>
    public List<string> Machines() =>
        [.. Directory.EnumerateDirectories(Path.Join(Datacenter.Path, "machines")).Select(folder => Path.GetFileName(folder))];

    public async Task<JsonElement> TaskAsync(string guid) => await Client.GetAsync($"/api/tasks/{guid}");

    /// <summary>Waits for the end of a task, whatever it is.</summary>
    public async Task<JsonElement> EndOfAsync(string guid)
    {
        JsonElement task = default;
        await UntilAsync(
            async () => IsEnd(StateOf(task = await TaskAsync(guid))),
            () => $"The task does not end: {task}\n{_process?.Said}");
        return task;
    }

    /// <summary>Waits for a task, which must succeed.</summary>
    public async Task<JsonElement> SucceedsAsync(string guid)
    {
        JsonElement task = await EndOfAsync(guid);
        Assert.True(StateOf(task) == "FINISHED", $"{task}\n{_process?.Said}");
        return task;
    }

    /// <summary>Cancels a task.</summary>
    public Task CancelAsync(string guid) => Client.PutAsync($"/api/tasks/{guid}/state", new { state = "CANCELLED" });

    public static string StateOf(JsonElement task) => task.GetProperty("state").GetProperty("name").GetString()!;

    private static bool IsEnd(string state) => state is "FINISHED" or "FAILED" or "CANCELLED";

    public static string TypeOf(JsonElement task) => task.GetProperty("type").GetProperty("name").GetString()!;

    public static string BackupOf(JsonElement task) => task.GetProperty("backup").GetProperty("guid").GetString()!;
}
