using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Federation;

/// <summary>
/// Goal: an appliance that ran alone joins another, is seen and worked with there, goes on by itself while the line is cut or either is killed, and leaves as it came.
/// Method: two whole appliances, each with a platform, a destination and a policy of the same names; the line between them is cut, processes are killed.
/// </summary>
public sealed class JoinedApplianceTests
{
    private const long DiskBytes = 4 << 20;

    [Fact]
    public async Task Two_appliances_work_as_one_and_each_goes_on_alone()
    {
        TestMachine web = null!;
        TestMachine mail = null!;
        await using ApplianceSite head = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 40, DiskBytes));
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => mail = TestMachine.Add(datacenter, "mail", 41, DiskBytes));
        await web.FindAsync(head);
        await mail.FindAsync(site);
        await head.MakePolicyAsync("nightly", head.Destination, web);
        (string rule, string policy) = await site.MakePolicyAsync("nightly", site.Destination, mail);
        List<byte[]> early = await mail.ReadAsync();
        string before = await site.BackUpAsync(mail.Guid);
        string own = await head.BackUpAsync(web.Guid);

        // 1. It joins, as an administrator does it at both.
        int port = FreePort.Take();
        JsonObject settings = JsonObject.Create(await head.Client.GetAsync("/api/global-settings"))!;
        settings["nodeAddress"] = $"127.0.0.1:{port}";
        await head.Client.PutAsync("/api/global-settings", settings);
        string command = Run(head, "appliance", "add", "site2").Trim();
        await using var line = new CuttableLink(new IPEndPoint(IPAddress.Loopback, port));
        string at = $"127.0.0.1:{line.Port}";
        Run(site, "appliance", "join", "--at", at, "--token", command.Split(' ')[^1]);
        string appliance = (await head.Client.GetAsync("/api/appliances"))[0].GetProperty("guid").GetString()!;
        await InStepAsync();

        // 2. What it had is seen there, and whose it is.
        JsonElement machine = (await head.Client.GetAsync("/api/virtual-machines")).EnumerateArray().Single(one => one.GetProperty("guid").GetString() == mail.Guid);
        Assert.Equal(("mail", "site2"), (machine.GetProperty("name").GetString(), machine.GetProperty("appliance").GetProperty("name").GetString()));
        Assert.Equal(2, (await head.Client.GetAsync("/api/policies/vm-backup")).GetArrayLength());
        Assert.Equal(["first", "first"], (await head.Client.GetAsync("/api/backup-destinations")).EnumerateArray().Select(one => one.GetProperty("name").GetString()));
        Assert.Equal([before], await head.BackupsAsync(mail.Guid));
        Assert.Equal([own], await head.BackupsAsync(web.Guid));

        // 3. Users there work with it: backup, restore, settings. It is done here, and known there when it is answered.
        await mail.WriteAsync();
        List<byte[]> late = await mail.ReadAsync();
        string task = await head.AskBackupAsync(mail.Guid, destination: site.Destination);
        Assert.Contains(task, (await head.Client.GetAsync("/api/tasks")).EnumerateArray().Select(one => one.GetProperty("guid").GetString()));
        string asked = ApplianceSite.BackupOf(await head.SucceedsAsync(task));
        Assert.Equal(late, await head.RestoreAsync(asked));
        await head.Client.PutAsync($"/api/policies/vm-backup/{policy}", new { priority = 77 });
        Assert.Equal(77, (await site.Client.GetAsync($"/api/policies/vm-backup/{policy}")).GetProperty("priority").GetInt32());
        Assert.Contains(77, (await head.Client.GetAsync("/api/policies/vm-backup")).EnumerateArray().Select(one => one.GetProperty("priority").GetInt32()));
        Assert.Contains(
            (await site.Client.GetAsync("/api/audit?size=100")).EnumerateArray(), entry => entry.GetProperty("actor").ToString().Contains($"admin at {at}", StringComparison.Ordinal));

        // Neither acts for the other by itself, and nothing of the one's is taken for the other's.
        Assert.Equal(1, (await site.Client.GetAsync("/api/virtual-machines")).GetArrayLength());
        ApplianceRefusal mixed = await Assert.ThrowsAsync<ApplianceRefusal>(() => head.AskBackupAsync(mail.Guid));
        Assert.Equal(404, mixed.Status);

        // 4. The line is cut: it goes on by its policies; what it has is shown as it was, and not pretended to be reached.
        line.CutForLong();
        await mail.WriteAsync();
        List<byte[]> alone = await mail.ReadAsync();
        await site.RunScheduleSoonAsync(rule, "INCREMENTAL");
        await ApplianceSite.UntilAsync(async () => (await site.BackupsAsync(mail.Guid)).Count == 3, () => $"No backup by schedule.\n{site.Process.Said}");
        await ApplianceSite.UntilAsync(async () => !await IsHereAsync(), () => "It is not missed.");
        Assert.Equal(2, (await head.BackupsAsync(mail.Guid)).Count);
        Assert.Equal("mail", (await head.Client.GetAsync($"/api/virtual-machines/{mail.Guid}")).GetProperty("name").GetString());
        ApplianceRefusal away = await Assert.ThrowsAsync<ApplianceRefusal>(() => head.AskBackupAsync(mail.Guid, destination: site.Destination));
        Assert.True(away.Status == 503 && away.Message.Contains("site2, which is away", StringComparison.Ordinal), away.Message);
        Assert.Equal(503, (await Assert.ThrowsAsync<ApplianceRefusal>(() => head.Client.GetAsync($"/api/tasks/{task}/log"))).Status);

        // 5. It is back: what it did meanwhile is known. Either is killed, and they find each other again.
        line.Mend();
        await ApplianceSite.UntilAsync(async () => (await head.BackupsAsync(mail.Guid)).Count == 3, () => $"What was done meanwhile is not told.\n{site.Process.Said}");
        Assert.Equal(alone, await head.RestoreAsync((await head.BackupsAsync(mail.Guid))[0]));
        await head.KillAsync();
        await mail.WriteAsync();
        string unseen = await site.BackUpAsync(mail.Guid);
        await head.StartAsync();
        await ApplianceSite.UntilAsync(async () => (await head.BackupsAsync(mail.Guid)).Contains(unseen), () => "The next server is not told.");
        await site.KillAsync();
        await site.StartAsync();
        await ApplianceSite.UntilAsync(IsHereAsync, () => "It does not come back.");
        Assert.Equal(await mail.ReadAsync(), await head.RestoreAsync(await head.BackUpAsync(mail.Guid, destination: site.Destination)));

        // 6. No secret of it is there.
        Assert.Equal("", Tool.TryRun("grep", "-rla", "only-the-platform-knows", head.Data).Output);

        // 7. It leaves: nothing of it stays, and everything of it is with it. It comes again with a token, and may be removed there as well.
        Run(site, "appliance", "leave");
        Assert.Equal([web.Guid], (await head.Client.GetAsync("/api/virtual-machines")).EnumerateArray().Select(one => one.GetProperty("guid").GetString()));
        Assert.Equal(0, (await head.Client.GetAsync("/api/appliances")).GetArrayLength());
        Assert.Equal(early, await site.RestoreAsync(before));
        await site.BackUpAsync(mail.Guid);
        Assert.Equal([own], await head.BackupsAsync(web.Guid));
        Run(site, "appliance", "join", "--at", at, "--token", Run(head, "appliance", "add", "site2").Trim().Split(' ')[^1]);
        appliance = (await head.Client.GetAsync("/api/appliances"))[0].GetProperty("guid").GetString()!;
        await InStepAsync();
        Assert.Equal((await site.BackupsAsync(mail.Guid)).Count, (await head.BackupsAsync(mail.Guid)).Count);
        Run(head, "appliance", "remove", "site2", "--yes");
        await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync("/api/membership")).GetProperty("problem").ToString().Contains("does not know", StringComparison.Ordinal), () => "It is not told.");
        Assert.Equal(1, (await head.Client.GetAsync("/api/virtual-machines")).GetArrayLength());
        Assert.Contains("stands alone", Run(site, "appliance", "leave"), StringComparison.Ordinal);
        await site.BackUpAsync(mail.Guid);

        async Task InStepAsync() => await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync("/api/membership")) is var state && state.GetProperty("inStepAt").ValueKind != JsonValueKind.Null
                && state.GetProperty("pending").GetInt64() == 0 && await IsHereAsync(),
            () => $"It is not in step.\n{site.Process.Said}\n{head.Process.Said}");

        async Task<bool> IsHereAsync() => (await head.Client.GetAsync($"/api/appliances/{appliance}")).GetProperty("here").GetBoolean();
    }

    private static string Run(ApplianceSite site, params string[] arguments)
    {
        using var process = new VprotectProcess([VprotectProcess.Binary, .. arguments], site.CommandLine);
        return process.Wait().Expect(0).Text;
    }
}
