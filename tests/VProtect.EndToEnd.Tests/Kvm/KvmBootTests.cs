using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>
/// A real guest that is started from its backup, writes through a crash of the appliance, becomes a restore point, is started from that, and is moved to the host's storage while
/// it writes.
/// </summary>
[Collection(KvmTests.Name)]
public sealed class KvmBootTests(KvmSite kvm)
{
    /// <summary>Writes numbered blocks past every cache and remembers, in memory, the last of which it was told that it is written.</summary>
    private const string Writer = "i=$(cat /dev/shm/written 2>/dev/null || echo 0); while [ $i -lt 60000 ]; do i=$((i+1)); printf '%0511d\\n' $i | dd of=/dev/vdc bs=512 seek=$i oflag=direct conv=notrunc,fsync status=none && echo $i >/dev/shm/written; done";

    [Fact]
    public async Task Guest_runs_from_its_backup_through_a_crash_is_committed_started_again_and_kept()
    {
        string content = await kvm.WriteAsync("boot");
        string backup = (await kvm.BackUpAsync()).GetProperty("guid").GetString()!;
        int machines = await MachinesAsync();

        // 1. It runs, with its bytes and without its network; it is no machine to be protected.
        string mount = await BootAsync(backup);
        await kvm.Guest.AgentAnswersAsync(mount);
        Assert.Equal(content, await kvm.Guest.HashAsync("vdb", mount));
        Assert.Equal("boot", (await kvm.Guest.RunAsync("cat /root/word", mount)).Trim());
        Assert.Equal("down", (string?)Card(XElement.Parse(kvm.Host.Virsh("dumpxml", mount))).Element("link")?.Attribute("state"));
        await kvm.Site.SyncAsync();
        Assert.Equal(machines, await MachinesAsync());

        // 2. The appliance is killed while it writes: it stands still, goes on when the appliance is back, and nothing that it was told to be written is lost.
        await BeginWritingAsync(mount);
        await kvm.Site.KillAsync();
        await ApplianceSite.UntilAsync(() => Task.FromResult(StateOf(mount) == "paused"), () => $"The machine is {StateOf(mount)}.");
        await kvm.Site.StartAsync();
        await GoesOnAsync(mount);
        int written = await WrittenAsync(mount);
        await ApplianceSite.UntilAsync(async () => await WrittenAsync(mount) > written + 10, () => "The machine does not write on.");
        await kvm.Guest.RunAsync("pkill -f '[s]eek='; sleep 0.2; echo committed >/root/word; sync", mount);
        written = await CheckWrittenAsync(mount);

        // 3. Shut down and committed: the next restore point of the machine that was backed up.
        kvm.Vprotect("mounted", "end", mount, "--commit", "--label", "tried out", "--wait");
        Assert.NotEqual(0, Tool.TryRun("virsh", "-q", "-c", kvm.Host.Uri, "domstate", mount).ExitCode);
        string committed = "";
        await ApplianceSite.UntilAsync(
            async () => (committed = (await kvm.Site.BackupsAsync(kvm.Machine))[0]) != backup, () => "What was committed is not in the catalog.");

        // 4. That starts, too, and what was written is there.
        mount = await BootAsync(committed, "--as", "web1-kept");
        await kvm.Guest.AgentAnswersAsync(mount);
        Assert.Equal("committed", (await kvm.Guest.RunAsync("cat /root/word", mount)).Trim());
        await kvm.Guest.RunAsync($"echo {written} >/dev/shm/written", mount);
        await CheckWrittenAsync(mount);

        // 5. It moves to the pool while it writes, and needs neither mount nor appliance any more.
        await BeginWritingAsync(mount);
        kvm.Vprotect("mounted", "end", mount, "--keep", "--wait");
        Assert.Equal(0, (await kvm.Site.Client.GetAsync("/api/mounted-backups")).GetArrayLength());
        Assert.Empty(Directory.GetFiles(Path.Join(kvm.Site.Data, "node", "mounts")));
        written = await WrittenAsync(mount);
        await ApplianceSite.UntilAsync(async () => await WrittenAsync(mount) > written + 10, () => "The machine does not write on.");
        await kvm.Guest.RunAsync("pkill -f '[s]eek='; sleep 0.2", mount);
        await CheckWrittenAsync(mount);
        XElement kept = XElement.Parse(kvm.Host.Virsh("dumpxml", "--inactive", mount));
        Assert.All(kept.Descendants("disk"), disk =>
        {
            Assert.StartsWith(kvm.Images, disk.Element("source")!.Attribute("file")!.Value, StringComparison.Ordinal);
            Assert.Null(disk.Element("driver")!.Attribute("error_policy"));
            Assert.Null(disk.Element("driver")!.Attribute("cache"));
        });
        Assert.Null(Card(kept).Element("link"));
        Assert.DoesNotContain("vprotect/kvm", kept.ToString(), StringComparison.Ordinal);
        await ApplianceSite.UntilAsync(async () => await MachinesAsync() == machines + 1, () => "The machine that was kept is not in the inventory.");
        kvm.Host.Virsh("destroy", mount);
        byte[] image = KvmSite.Raw(kept.Descendants("disk").Last().Element("source")!.Attribute("file")!.Value);
        Assert.Equal(written.ToString(CultureInfo.InvariantCulture).PadLeft(511, '0') + "\n", System.Text.Encoding.ASCII.GetString(image, 512 * written, 512));
        kvm.Host.Virsh("undefine", mount, "--remove-all-storage");
        await kvm.Site.SyncAsync();

        // 6. What was committed has no checkpoint, so the machine's next backup reads each disk whole, says so, and makes one for those after it.
        Assert.Equal(3, (await kvm.BackUpAsync()).GetProperty("warnings").GetInt32());
        Assert.Equal(0, (await kvm.BackUpAsync()).GetProperty("warnings").GetInt32());
        kvm.IsClean(checkpoints: 1);
    }

    [Fact]
    public async Task Guest_that_is_not_kept_leaves_nothing_and_one_that_cannot_be_started_says_why()
    {
        string backup = (await kvm.BackUpAsync()).GetProperty("guid").GetString()!;
        string mount = await BootAsync(backup, "--connected");
        Assert.Null(Card(XElement.Parse(kvm.Host.Virsh("dumpxml", mount))).Element("link"));

        // A name that is taken.
        JsonElement failed = await kvm.Site.EndOfAsync(await kvm.Site.AskAsync("boot", new { backup = new { guid = backup }, restoredPeName = KvmGuest.Name }));
        Assert.Contains("on the host already", failed.GetProperty("statusInfo").GetString(), StringComparison.Ordinal);
        foreach (JsonElement each in (await kvm.Site.Client.GetAsync("/api/mounted-backups")).EnumerateArray())
        {
            string guid = each.GetProperty("guid").GetString()!;
            Assert.Equal(guid == mount ? "MOUNTED" : "FAILED", each.GetProperty("state").GetProperty("name").GetString());
            kvm.Vprotect("mounted", "end", guid, "--wait");
        }

        Assert.NotEqual(0, Tool.TryRun("virsh", "-q", "-c", kvm.Host.Uri, "domstate", mount).ExitCode);
        Assert.Equal(0, Tool.TryRun("virsh", "-q", "-c", kvm.Host.Uri, "domstate", KvmGuest.Name).ExitCode);
        Assert.Empty(Directory.GetFiles(Path.Join(kvm.Site.Data, "node", "mounts")));
        kvm.IsClean(checkpoints: 1);
    }

    [Fact]
    public async Task Guest_that_stands_still_because_the_nodes_disk_is_full_is_told_and_goes_on_when_there_is_space()
    {
        string backup = (await kvm.BackUpAsync()).GetProperty("guid").GetString()!;
        string overlays = Path.Join(kvm.Site.Data, "node", "mounts");
        Directory.CreateDirectory(overlays);
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", overlays);
        try
        {
            string mount = await BootAsync(backup);
            await kvm.Guest.AgentAnswersAsync(mount);
            string ballast = Path.Join(overlays, "ballast");
            Tool.Run("fallocate", "-l", $"{new DriveInfo(overlays).AvailableFreeSpace - (4 << 20)}", ballast);
            await kvm.Guest.RunAsync("setsid sh -c 'yes | dd of=/dev/vdc bs=64k count=200 iflag=fullblock oflag=direct conv=fsync && touch /dev/shm/wrote' >/dev/null 2>&1 </dev/null &", mount);
            string? told = null;
            await ApplianceSite.UntilAsync(async () => (told = await StatusAsync(mount)) is not null, () => "Nobody is told.");
            Assert.Contains("is full", told, StringComparison.Ordinal);

            File.Delete(ballast);
            await ApplianceSite.UntilAsync(async () => await StatusAsync(mount) is null, () => "It is still told to stand still.");
            await kvm.Guest.RunAsync("until [ -e /dev/shm/wrote ]; do sleep 0.2; done; yes | head -c 13107200 | cmp -n 13107200 - /dev/vdc", mount);
            kvm.Vprotect("mounted", "end", mount, "--wait");
        }
        finally
        {
            Tool.Run("umount", "--lazy", overlays);
        }

        kvm.IsClean(checkpoints: 1);
    }

    private async Task<string?> StatusAsync(string mount) =>
        (await kvm.Site.Client.GetAsync($"/api/mounted-backups/{mount}")).TryGetProperty("statusInfo", out JsonElement told) ? told.GetString() : null;

    private async Task<string> BootAsync(string backup, params string[] more)
    {
        kvm.Vprotect(["point", "boot", backup, "--wait", .. more]);
        JsonElement mount = (await kvm.Site.Client.GetAsync("/api/mounted-backups"))[0];
        Assert.Equal("MACHINE", mount.GetProperty("mode").GetProperty("name").GetString());
        return mount.GetProperty("guid").GetString()!;
    }

    /// <summary>Waits until every disk is connected again: until then each may stop the machine once more, for a second.</summary>
    private Task GoesOnAsync(string machine) => ApplianceSite.UntilAsync(
        async () =>
        {
            try
            {
                await kvm.Guest.RunAsync("for d in vda vdb vdc; do dd if=/dev/$d of=/dev/null bs=4k count=1 iflag=direct status=none || exit 1; done; sync", machine);
                return StateOf(machine) == "running";
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        },
        () => $"The machine is {StateOf(machine)}.");

    private async Task BeginWritingAsync(string machine)
    {
        await kvm.Guest.RunAsync($"setsid sh -c '{Writer.Replace("'", "\"", StringComparison.Ordinal)}' >/dev/null 2>&1 </dev/null &", machine);
        await ApplianceSite.UntilAsync(async () => await WrittenAsync(machine) > 10, () => "The machine does not write.");
    }

    private async Task<int> WrittenAsync(string machine) =>
        int.Parse((await kvm.Guest.RunAsync("cat /dev/shm/written 2>/dev/null || echo 0", machine)).Trim() is { Length: > 0 } text ? text : "0", CultureInfo.InvariantCulture);

    /// <summary>Every block of which the guest was told that it is written is there.</summary>
    private async Task<int> CheckWrittenAsync(string machine)
    {
        int written = await WrittenAsync(machine);
        string found = await kvm.Guest.RunAsync($"dd if=/dev/vdc bs=512 skip=1 count={written} iflag=direct status=none | tr -d '\\000' | sed 's/^0*//' | sha256sum", machine);
        string wanted = string.Concat(Enumerable.Range(1, written).Select(i => $"{i}\n"));
        Assert.Equal(Workplace.Hash(System.Text.Encoding.ASCII.GetBytes(wanted)), found[..64].ToUpperInvariant());
        return written;
    }

    private static XElement Card(XElement machine) => machine.Element("devices")!.Elements("interface").Single();

    private string StateOf(string machine) => Tool.TryRun("virsh", "-q", "-c", kvm.Host.Uri, "domstate", machine).Output.Trim();

    private async Task<int> MachinesAsync() => (await kvm.Site.Client.GetAsync("/api/virtual-machines")).GetArrayLength();
}
