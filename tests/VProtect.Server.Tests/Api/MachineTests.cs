using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Access;

namespace VProtect.Server.Tests.Api;

public sealed class MachineTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Machines_are_filtered_sorted_and_paged_in_the_database()
    {
        for (int i = 0; i < 5; i++)
        {
            await server.MachineAsync($"paged-{i}", machine => machine with { TenantId = "pages", ProvisionedBytes = 10 - i, Present = i != 4 }, "red");
        }

        using HttpResponseMessage page = await server.Client.GetAsync("/api/virtual-machines?tenantId=pages&orderBy=provisionedSize&page=1&size=2");
        JsonElement rows = await page.JsonAsync();
        Assert.Equal(["paged-2", "paged-1"], rows.NamesOf());
        Assert.Equal("5", page.Headers.GetValues("X-Total-Count").Single());
        Assert.Equal(("KVM", JsonValueKind.Null, "UNKNOWN"), (rows[0].NameOf("hvType"), rows[0].GetProperty("hvmType").ValueKind, rows[0].NameOf("powerState")));
        Assert.Equal(4, (await server.Client.GotAsync("/api/virtual-machines?tenantId=pages&present=true")).GetArrayLength());
        Assert.Equal(1, (await server.Client.GotAsync("/api/virtual-machines/detailed?filter=paged-3")).GetArrayLength());
        Assert.Equal(5, (await server.Client.GotAsync("/api/virtual-machines?tag=red")).GetArrayLength());
        Assert.Equal(0, (await server.Client.GotAsync("/api/virtual-machines?tenantId=pages&protected=true")).GetArrayLength());
        Assert.Equal("hypervisor", await (await server.Client.GetAsync("/api/virtual-machines?hypervisor=nobody")).RefusedFieldAsync());
    }

    [Fact]
    public async Task Machine_shows_its_backups_tasks_snapshot_and_policies()
    {
        Machine machine = await server.MachineAsync("detailed", machine => machine with { LastSuccessAt = server.Time.GetUtcNow(), RpoDueAt = server.Time.GetUtcNow().AddHours(1) }, "b", "a");
        Destination destination = await server.DestinationAsync("of details");
        var point = new RestorePoint { MachineGuid = machine.Guid, DestinationGuid = destination.Guid, Type = BackupType.Full, State = RestorePointState.Success, CreatedAt = server.Time.GetUtcNow() };
        var task = new CatalogTask { Type = TaskType.Export, MachineGuid = machine.Guid, CreatedAt = server.Time.GetUtcNow(), NotBefore = server.Time.GetUtcNow().AddYears(1) };
        var snapshot = new Snapshot { Name = "before update", MachineGuid = machine.Guid, State = SnapshotState.Present, CreatedAt = server.Time.GetUtcNow() };
        await server.WriteAsync(async transaction =>
        {
            await transaction.RestorePoints.InsertAsync(point, default);
            await transaction.Tasks.InsertAsync(task, default);
            await transaction.Snapshots.InsertAsync(snapshot, default);
        });
        JsonElement shown = await server.Client.GotAsync($"/api/virtual-machines/{machine.Guid}");
        Assert.EndsWith("FULL", Assert.Single(shown.GetProperty("backups").NamesOf()), StringComparison.Ordinal);
        Assert.Equal(["EXPORT"], shown.GetProperty("tasks").NamesOf());
        Assert.Equal("before update", shown.NameOf("lastStoredSnapshot"));
        Assert.True(shown.GetProperty("backupUpToDate").GetBoolean());
        Assert.Equal(["a", "b"], shown.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));

        Machine other = await server.MachineAsync("detailed too");
        await server.WriteAsync(async transaction =>
        {
            for (int i = 0; i < 22; i++)
            {
                var one = new RestorePoint { MachineGuid = other.Guid, DestinationGuid = destination.Guid, Type = i == 0 ? BackupType.Full : BackupType.Incremental, State = RestorePointState.Success, CreatedAt = server.Time.GetUtcNow().AddHours(i) };
                await transaction.RestorePoints.InsertAsync(one, default);
            }
        });
        JsonElement[] both = [.. (await server.Client.GotAsync("/api/virtual-machines/detailed?filter=detailed")).EnumerateArray()];
        Assert.Equal(shown.GetProperty("backups").NamesOf(), both[0].GetProperty("backups").NamesOf());
        Assert.Equal("before update", both[0].NameOf("lastStoredSnapshot"));
        string[] newest = [.. both[1].GetProperty("backups").NamesOf()!];
        Assert.Equal(20, newest.Length);
        Assert.Equal(newest.OrderDescending(StringComparer.Ordinal), newest);
        Assert.Equal(JsonValueKind.Null, both[1].GetProperty("lastStoredSnapshot").ValueKind);

        JsonElement listed = Assert.Single((await server.Client.GotAsync($"/api/snapshots?virtual-machine={machine.Guid}")).EnumerateArray());
        Assert.Equal(("before update", "detailed"), (listed.Text("name"), listed.NameOf("virtualMachine")));
        Assert.Equal("PRESENT", (await server.Client.GotAsync($"/api/snapshots/{snapshot.Guid}")).NameOf("state"));
        await (await server.Client.GetAsync($"/api/virtual-machines/{Guid.NewGuid()}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
    }

    [Fact]
    public async Task Settings_are_changed_in_part_with_the_version_that_was_read()
    {
        Machine machine = await server.MachineAsync("settled");
        string path = $"/api/virtual-machines/{machine.Guid}/settings";
        using HttpResponseMessage changed = await server.Client.PutWithVersionAsync(
            path,
            new
            {
                quiesceBeforeSnapshot = true,
                sshHost = "10.0.0.9",
                sshPort = 2222,
                preSnapCmdExecEnabled = true,
                preSnapCmdArgs = new[] { "/usr/bin/freeze", "--all" },
                preSnapIgnoredExitCodes = new object[] { 3, "4" },
                preSnapStdErrorHandling = new { name = "IGNORE_WITH_WARNING" },
                vmExportImportMode = new { name = "CHANGED_BLOCKS" },
            },
            "\"1\"");
        JsonElement shown = await changed.JsonAsync();
        Assert.Equal(("10.0.0.9", "IGNORE_WITH_WARNING", "CHANGED_BLOCKS"), (shown.Text("sshHost"), shown.NameOf("preSnapStdErrorHandling"), shown.NameOf("vmExportImportMode")));
        Assert.Equal([3, 4], shown.GetProperty("preSnapIgnoredExitCodes").EnumerateArray().Select(code => code.GetInt32()));
        await (await server.Client.PutWithVersionAsync(path, new { sshHost = "x" }, "\"1\"")).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        JsonElement cleared = await server.Client.PutAsync(path, new { sshHost = "" });
        Assert.Equal((JsonValueKind.Null, 2222), (cleared.GetProperty("sshHost").ValueKind, cleared.GetProperty("sshPort").GetInt32()));
        JsonElement entry = (await server.Client.GotAsync($"/api/audit?guid={machine.Guid}"))[0];
        Assert.Equal("virtual-machines.settings", entry.Text("action"));
    }

    [Theory]
    [InlineData("""{"sshPort": 0}""", "sshPort")]
    [InlineData("""{"preSnapCmdExecEnabled": true}""", "preSnapCmdArgs")]
    [InlineData("""{"postSnapCmdExecEnabled": true, "postSnapCmdArgs": [""]}""", "postSnapCmdArgs")]
    [InlineData("""{"postSnapIgnoredExitCodes": [256]}""", "postSnapIgnoredExitCodes")]
    [InlineData("""{"preSnapStdErrorHandling": "PANIC"}""", "preSnapStdErrorHandling")]
    [InlineData("""{"vmBackupPolicy": {"guid": "0193a7f0-0000-7000-8000-000000000001"}}""", "vmBackupPolicy")]
    public async Task Bad_setting_is_refused_naming_the_field(string body, string field)
    {
        Machine machine = await server.MachineAsync("refused");
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        Assert.Equal(field, await (await server.Client.PutAsync($"/api/virtual-machines/{machine.Guid}/settings", content)).RefusedFieldAsync());
    }

    [Fact]
    public async Task Policy_in_the_settings_moves_the_machine_as_old_clients_mean_it()
    {
        Machine machine = await server.MachineAsync("moved");
        (JsonElement first, _, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new { name = "first home", vms = new[] { machine.Guid } });
        (JsonElement second, _, _) = await server.Client.MadeAsync("/api/policies/vm-backup", new { name = "second home" });
        (JsonElement snapshots, _, _) = await server.Client.MadeAsync("/api/policies/vm-snapshot", new { name = "snapshots" });
        string path = $"/api/virtual-machines/{machine.Guid}/settings";
        JsonElement moved = await server.Client.PutAsync(path, new { vmBackupPolicy = new { guid = second.Text("guid") }, snapshotMgmtPolicy = new { guid = snapshots.Text("guid") } });
        Assert.Equal(("second home", "snapshots"), (moved.NameOf("vmBackupPolicy"), moved.NameOf("snapshotMgmtPolicy")));
        Assert.Equal(2, moved.GetProperty("policies").GetArrayLength());
        Assert.Equal("vmBackupPolicy", await (await server.Client.PutAsJsonAsync(path, new { vmBackupPolicy = snapshots.Text("guid") })).RefusedFieldAsync());
        Assert.Empty((await server.Client.GotAsync($"/api/policies/vm-backup/{first.Text("guid")}")).GetProperty("vms").EnumerateArray());
    }

    [Fact]
    public async Task Password_of_the_guest_is_sealed_and_removed()
    {
        Machine machine = await server.MachineAsync("guest");
        string path = $"/api/virtual-machines/{machine.Guid}/ssh-password";
        Assert.Equal("password", await (await server.Client.PutAsJsonAsync(path, new { })).RefusedFieldAsync());
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.PutAsJsonAsync(path, new { password = "of the guest" })).StatusCode);
        Credential credential = await server.ReadAsync(session => session.Credentials.GetAsync(machine.Guid, default));
        Assert.Equal("of the guest", Encoding.UTF8.GetString(server.App.Services.GetRequiredService<SecretBox>().Unseal(credential.Sealed, $"credentials:{machine.Guid:D}")));
        Assert.True((await server.Client.GotAsync($"/api/virtual-machines/{machine.Guid}")).GetProperty("sshPasswordSet").GetBoolean());
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.PutAsJsonAsync(path, new { password = "" })).StatusCode);
        Assert.Null(await server.ReadAsync(session => session.Credentials.FindAsync(machine.Guid, default)));
    }

    [Fact]
    public async Task Machines_that_are_gone_are_deleted_unless_they_have_backups()
    {
        Machine gone = await server.MachineAsync("gone", machine => machine with { Present = false });
        Machine kept = await server.MachineAsync("gone with backups", machine => machine with { Present = false });
        Destination destination = await server.DestinationAsync("keeps the gone");
        await server.WriteAsync(transaction => transaction.RestorePoints.InsertAsync(
            new RestorePoint { MachineGuid = kept.Guid, DestinationGuid = destination.Guid, Type = BackupType.Full, CreatedAt = server.Time.GetUtcNow() }, default));
        using HttpResponseMessage answer = await server.Client.DeleteAsync("/api/virtual-machines/all-non-present");
        Assert.True((await answer.JsonAsync()).GetProperty("deleted").GetInt32() >= 1);
        await (await server.Client.GetAsync($"/api/virtual-machines/{gone.Guid}")).ProblemAsync(HttpStatusCode.NotFound, 4002);
        await server.Client.GotAsync($"/api/virtual-machines/{kept.Guid}");
    }

    [Fact]
    public async Task Next_backup_is_made_full_until_one_was()
    {
        Machine machine = await server.MachineAsync("must be full");
        using HttpResponseMessage marked = await server.Client.PostAsJsonAsync("/api/virtual-machines/incremental-not-possible", new[] { machine.Guid });
        Assert.Equal(["must be full"], (await marked.JsonAsync()).NamesOf());
        Assert.True((await server.ReadAsync(session => session.Machines.GetAsync(machine.Guid, default))).NextBackupFull);
        Destination destination = await server.DestinationAsync("of full ones");
        var point = new RestorePoint { MachineGuid = machine.Guid, DestinationGuid = destination.Guid, Type = BackupType.Full, State = RestorePointState.Success, CreatedAt = server.Time.GetUtcNow() };
        await server.WriteAsync(transaction => transaction.Machines.RecordBackupAsync(machine.Guid, point, rpoDueAt: null, default));
        Assert.False((await server.ReadAsync(session => session.Machines.GetAsync(machine.Guid, default))).NextBackupFull);
        Assert.Equal("[0]", await (await server.Client.PostAsJsonAsync("/api/virtual-machines/incremental-not-possible", new[] { Guid.NewGuid() })).RefusedFieldAsync());
    }

    [Fact]
    public async Task Disk_is_taken_out_of_backups_and_back_in()
    {
        Machine machine = await server.MachineAsync("with disks");
        var disk = new MachineDisk { MachineGuid = machine.Guid, DeviceId = "vdb", Label = "scratch", SizeBytes = 1 << 30 };
        await server.WriteAsync(transaction => transaction.MachineDisks.InsertAsync(disk, default));
        JsonElement listed = Assert.Single((await server.Client.GotAsync($"/api/virtual-machine-disks?virtual-machine={machine.Guid}")).EnumerateArray());
        Assert.Equal(("scratch", "with disks", 1 << 30), (listed.Text("name"), listed.NameOf("virtualMachine"), listed.GetProperty("size").GetInt64()));
        string path = $"/api/virtual-machine-disks/{disk.Guid}/settings";
        using HttpResponseMessage excluded = await server.Client.PutWithVersionAsync(path, new { excluded = true, excludeReason = "swap" }, "\"1\"");
        Assert.Equal("swap", (await excluded.JsonAsync()).Text("excludeReason"));
        await (await server.Client.PutWithVersionAsync(path, new { excluded = false }, "\"1\"")).ProblemAsync(HttpStatusCode.PreconditionFailed, 4001);
        await server.Client.PutAsync(path, new { excluded = false });
        Assert.Equal(JsonValueKind.Null, (await server.Client.GotAsync($"/api/virtual-machine-disks/{disk.Guid}")).GetProperty("excludeReason").ValueKind);
    }
}
