using System.Text.Json;
using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Kvm;

/// <summary>Files of a backup go back into the guest while it runs, through its agent; and what happens when the agent will not, or is gone.</summary>
[Collection(KvmTests.Name)]
public sealed class KvmFileRestoreTests(KvmSite kvm)
{
    private const string Tree = """
        find /srv/ada '(' -type l -printf '%P l %l %U:%G %Ts\0' -o -type d -printf '%P d %m %U:%G %Ts\0' -o -printf '%P f %m %U:%G %s %Ts\0' ')' | sort -z | od -c; find /srv/ada -type f -print0 | sort -z | xargs -0 cat | sha256sum
        """;

    [Fact]
    public async Task Files_of_a_backup_go_back_into_the_guest_that_runs()
    {
        KvmGuest guest = kvm.Guest;
        await guest.RunAsync("""
            mkdir -p /srv/ada/sub && cd /srv/ada && printf x >"$(printf 'odd\377\nname; $(touch y)')" && ln -s ../no/where link && echo notes >sub/notes.txt && head -c 24M /dev/urandom >big.bin && touch empty
            chown 1234:4321 sub/notes.txt && chmod 4640 sub/notes.txt && touch -d 2001-02-03T04:05:06Z sub/notes.txt && chown -h 77:88 link && touch -h -d 2002-02-03T04:05:06Z link
            chown 55:66 sub && chmod 2750 sub && touch -d 2003-02-03T04:05:06Z sub && touch -d 2004-02-03T04:05:06Z . && sync
            """);
        string before = await guest.RunAsync(Tree);
        JsonElement backup = await kvm.BackUpAsync();
        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("mount", new { backup = new { guid = backup.GetProperty("guid").GetString() } }));
        string mount = (await kvm.Site.Client.GetAsync("/api/mounted-backups"))[0].GetProperty("guid").GetString()!;
        JsonElement volume = (await kvm.Site.Client.GetAsync($"/api/mounted-file-systems/detailed?mounted-backup={mount}")).EnumerateArray().First(one => one.GetProperty("type").GetString() == "ext4");
        string at = $"/api/mounted-file-systems/{volume.GetProperty("guid").GetString()}/restore";
        string name = volume.GetProperty("mountPath").GetString()!;

        // 1. Back where it was, with all that it had; what is there is kept.
        await guest.RunAsync("rm -r /srv/ada");
        await kvm.Site.SucceedsAsync(await AskAsync(at, new { paths = new[] { "/srv/ada" } }));
        Assert.Equal(before, await guest.RunAsync(Tree));
        await guest.RunAsync("echo changed >/srv/ada/sub/notes.txt; rm /srv/ada/link");
        kvm.Vprotect("files", "restore", mount, name, "/srv/ada/sub", "/srv/ada/link", "--wait");
        Assert.Equal("changed\n../no/where\n", await guest.RunAsync("cat /srv/ada/sub/notes.txt; readlink /srv/ada/link"));
        kvm.Vprotect("files", "restore", mount, name, "/srv/ada/sub/notes.txt", "--existing", "replace", "--wait");
        Assert.Equal(before, await guest.RunAsync("touch -d 2003-02-03T04:05:06Z /srv/ada/sub; touch -d 2004-02-03T04:05:06Z /srv/ada; " + Tree));

        // 2. Cancelled in the middle, no half file is left.
        string asked = await AskAsync(at, new { paths = new[] { "/srv/ada/big.bin" }, folder = "/root/half" });
        await ApplianceSite.UntilAsync(async () => await DoneAsync(asked) > 0, () => "Nothing is written.");
        await kvm.Site.CancelAsync(asked);
        Assert.Equal("CANCELLED", ApplianceSite.StateOf(await kvm.Site.EndOfAsync(asked)));
        Assert.Equal("", await guest.RunAsync("find /root/half -type f; find / -maxdepth 1 -name '.vprotect*'"));

        // 3. The agent stands still in the middle: the task fails and says so.
        await guest.RunAsync("systemd-run -q sh -c 'until ls /.vprotect-restore-*/0; do sleep 0.1; done; pkill -STOP qemu-ga; sleep 50; pkill -CONT qemu-ga'");
        JsonElement failed = await kvm.Site.EndOfAsync(await AskAsync(at, new { paths = new[] { "/srv/ada/big.bin" }, folder = "/root/half" }));
        Assert.Equal("FAILED", ApplianceSite.StateOf(failed));
        Assert.Contains("guest agent", failed.GetRawText(), StringComparison.Ordinal);
        await guest.AgentAnswersAsync(guest.Uuid);
        Assert.Equal("", await guest.RunAsync("find /root/half -type f"));

        // 4. An agent that does not allow it: what, and where to change that. It restarts a while after it was asked to, so that it can answer that; before 7.2 it calls the list blacklist.
        const string Restart = "; systemd-run -q sh -c 'sleep 1; systemctl restart qemu-guest-agent'";
        await guest.RunAsync("mkdir -p /etc/qemu; printf '[general]\\nblock-rpcs=guest-file-open\\nblacklist=guest-file-open\\n' >/etc/qemu/qemu-ga.conf" + Restart);
        await ApplianceSite.UntilAsync(() => Task.FromResult(guest.Allows("guest-file-open") == false), () => "The agent allows it still.");
        try
        {
            failed = await kvm.Site.EndOfAsync(await AskAsync(at, new { paths = new[] { "/srv/ada/empty" }, folder = "/root/half" }));
            Assert.Equal("FAILED", ApplianceSite.StateOf(failed));
            Assert.Contains("does not allow guest-file-open", failed.GetRawText(), StringComparison.Ordinal);
        }
        finally
        {
            await guest.RunAsync("rm /etc/qemu/qemu-ga.conf" + Restart);
            await ApplianceSite.UntilAsync(() => Task.FromResult(guest.Allows("guest-file-open") == true), () => "The agent does not come back.");
        }

        await kvm.Site.SucceedsAsync(await kvm.Site.AskAsync("unmount", new { mountedBackup = new { guid = mount } }));
        await guest.RunAsync("rm -rf /srv/ada /root/half /.vprotect-restore-*");
    }

    private async Task<string> AskAsync(string path, object body) => (await kvm.Site.Client.PostAsync(path, body))[0].GetProperty("guid").GetString()!;

    private async Task<long> DoneAsync(string task)
    {
        JsonElement found = await kvm.Site.TaskAsync(task);
        return found.TryGetProperty("bytesDone", out JsonElement done) && done.ValueKind == JsonValueKind.Number ? done.GetInt64() : ApplianceSite.StateOf(found) is "QUEUED" or "RUNNING" ? 0 : throw new InvalidOperationException(found.GetRawText());
    }
}
