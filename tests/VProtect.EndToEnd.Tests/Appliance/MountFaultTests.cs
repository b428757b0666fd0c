using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>
/// What happens to mounts in use. Goal: never a wrong byte, and no acknowledged write lost. Method: fio with checksums and libnbd write through NBD and iSCSI while
/// processes are killed, connections cut and the repository taken away; then everything is read again.
/// </summary>
public sealed class MountFaultTests
{
    private const int DiskBytes = 24 << 20;

    /// <summary>The end of the disk is written by libnbd, block by block; fio has the rest.</summary>
    private const int CountedFrom = 20 << 20;

    private const int BlockBytes = 4096;

    /// <summary>
    /// Keeps eight writes in flight, each block full of the write's number, every second one with FUA, the others flushed in groups. Notes the numbers of those that are
    /// acknowledged as durable. It ends when the connection does.
    /// </summary>
    private const string CountingWriter = """
        import nbd, os, struct, sys
        h = nbd.NBD()
        h.connect_uri(sys.argv[1])
        start, blocks = int(sys.argv[2]), int(sys.argv[3])
        notes = os.open(sys.argv[4], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        answered = []
        note = lambda numbers: os.write(notes, b''.join(b'%d\n' % n for n in numbers))
        def durable(numbers, error):
            if not error.value: note(numbers)
            return 1
        def plain(number, error):
            if not error.value: answered.append(number)
            return 1
        number = 0
        while True:
            while h.aio_in_flight() >= 8: h.poll(-1)
            if len(answered) >= 16:
                flushed, answered[:] = list(answered), []
                h.aio_flush(completion=lambda error, flushed=flushed: durable(flushed, error))
            data = nbd.Buffer.from_bytearray(bytearray(struct.pack('<Q', number) * 512))
            fua = number % 2
            done = (lambda error, n=number: durable([n], error)) if fua else (lambda error, n=number: plain(n, error))
            h.aio_pwrite(data, start + number % blocks * 4096, completion=done, flags=nbd.CMD_FLAG_FUA if fua else 0)
            number += 1
        """;

    [Fact]
    public async Task While_the_repository_is_away_reads_wait_and_go_on_when_it_is_back()
    {
        (ApplianceSite site, string backup) = await BeginAsync();
        await using ApplianceSite disposed = site;
        byte[] content = (await site.RestoreAsync(backup))[0];
        (_, string overNbd) = await MountAsync(site, backup, "NBD", writable: false);
        (_, string overIscsi) = await MountAsync(site, backup, "ISCSI", writable: false);

        // As a share that is not mounted any more: the directory is there, and empty.
        string away = site["away"];
        Directory.Move(site["repository"], away);
        Directory.CreateDirectory(site["repository"]);
        string[] copies = [site["nbd.raw"], site["iscsi.raw"]];
        using var nbd = new VprotectProcess(["nbdcopy", overNbd, copies[0]], new Dictionary<string, string>());
        using var iscsi = new VprotectProcess(["qemu-img", "convert", "-f", "raw", "-O", "raw", overIscsi, copies[1]], new Dictionary<string, string>());
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.False(nbd.HasExited, "NBD: " + (nbd.HasExited ? nbd.Wait().Error : ""));
        Assert.False(iscsi.HasExited, "iSCSI: " + (iscsi.HasExited ? iscsi.Wait().Error : ""));

        // Others are served meanwhile: the appliance, and who only asks what there is.
        Assert.Equal(2, (await site.Client.GetAsync("/api/mounted-backups")).GetArrayLength());
        Tool.Run("nbdinfo", "--size", overNbd);

        Directory.Delete(site["repository"]);
        Directory.Move(away, site["repository"]);
        nbd.Wait().Expect(0);
        iscsi.Wait().Expect(0);
        foreach (string copy in copies)
        {
            byte[] read = await File.ReadAllBytesAsync(copy);
            Assert.True(content.AsSpan().SequenceEqual(read), copy);
        }
    }

    [Fact]
    public async Task Kills_of_daemon_and_appliance_lose_nothing_that_was_acknowledged()
    {
        (ApplianceSite site, string backup) = await BeginAsync();
        await using ApplianceSite disposed = site;
        (string nbdMount, string overNbd) = await MountAsync(site, backup, "NBD", writable: true);
        (string iscsiMount, string overIscsi) = await MountAsync(site, backup, "ISCSI", writable: true);
        string notes = site["notes"];
        using (var nbd = new QemuExport(site["n.sock"], overNbd))
        using (var iscsi = new QemuExport(site["i.sock"], overIscsi))
        using (VprotectProcess counting = Count(overNbd, notes))
        using (VprotectProcess fioNbd = Fio(nbd.Address, 0, CountedFrom))
        using (VprotectProcess fioIscsi = Fio(iscsi.Address, 0, CountedFrom))
        {
            // 1. tgtd, twice: it is there again by itself.
            for (int i = 0; i < 2; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(0.7));
                int daemon = Assert.Single(DaemonsOf(site.Process.Id));
                Process.GetProcessById(daemon).Kill();
                await ApplianceSite.UntilAsync(() => Task.FromResult(DaemonsOf(site.Process.Id) is [int other] && other != daemon), () => "No daemon again.");
            }

            // 2. The appliance, and everything with it.
            await ApplianceSite.UntilAsync(() => Task.FromResult(Noted(notes).Count > 200), () => counting.HasExited ? counting.Wait().Error : "Nothing is written.");
            await site.KillAsync();
            await site.StartAsync();
            foreach (string mount in (string[])[nbdMount, iscsiMount])
            {
                await ApplianceSite.UntilAsync(async () => await StateAsync(site, mount) == "MOUNTED", () => "The mount did not come back.");
            }

            // 3. fio never saw an error, and reads what it wrote.
            Succeeds(fioNbd);
            Succeeds(fioIscsi);
            Assert.NotEqual(0, counting.Wait().ExitCode);
        }

        // 4. Each block has its last acknowledged write, or a later one that was on its way.
        CheckCounted(Read(site, overNbd), Noted(notes));
    }

    [Fact]
    public async Task Two_initiators_write_one_disk_and_connections_are_cut()
    {
        (ApplianceSite site, string backup) = await BeginAsync();
        await using ApplianceSite disposed = site;
        (string mount, string overIscsi) = await MountAsync(site, backup, "ISCSI", writable: true);
        (_, string overNbd) = await MountAsync(site, backup, "NBD", writable: true);
        await using CuttableLink link = LinkTo(overIscsi);
        await using CuttableLink other = LinkTo(overNbd);
        using (var one = new QemuExport(site["1.sock"], overIscsi))
        using (var two = new QemuExport(site["2.sock"], Through(link, overIscsi)))
        using (var three = new QemuExport(site["3.sock"], Through(other, overNbd)))
        {
            const int Half = DiskBytes / 2;
            using VprotectProcess first = Fio(one.Address, 0, Half);
            using VprotectProcess second = Fio(two.Address, Half, Half);
            using VprotectProcess third = Fio(three.Address, 0, Half);
            for (int i = 0; i < 3; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(0.8));
                int before = link.Connections;
                link.Cut();
                other.Cut();
                await ApplianceSite.UntilAsync(() => Task.FromResult(link.Connections > before), () => "The initiator does not come back.");
            }

            Succeeds(first);
            Succeeds(second);
            Succeeds(third);

            // Each sees what the other wrote.
            Assert.True(Read(site, one.Address).AsSpan().SequenceEqual(Read(site, two.Address)));
        }

        // Nobody who was cut off is taken to be there still, and the mount ends.
        await site.SucceedsAsync(await site.AskAsync("unmount", new { mountedBackup = new { guid = mount } }));
    }

    private const long Blocks = (DiskBytes - CountedFrom) / BlockBytes;

    private static async Task<(ApplianceSite Site, string Backup)> BeginAsync()
    {
        TestMachine web = null!;
        ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 31, DiskBytes));
        return (site, await site.BackUpAsync(await site.MachineAsync(web.Uuid)));
    }

    private static async Task<(string Guid, string Address)> MountAsync(ApplianceSite site, string backup, string mode, bool writable)
    {
        HashSet<string> before = [.. await GuidsAsync()];
        await site.SucceedsAsync(await site.AskAsync("mount", new { backup = new { guid = backup }, mode, writable }));
        string guid = Assert.Single(await GuidsAsync(), mount => !before.Contains(mount));
        return (guid, (await site.Client.GetAsync($"/api/mounted-files?mounted-backup={guid}"))[0].GetProperty("address").GetString()!);

        async Task<IEnumerable<string>> GuidsAsync() =>
            (await site.Client.GetAsync("/api/mounted-backups")).EnumerateArray().Select(mount => mount.GetProperty("guid").GetString()!);
    }

    private static async Task<string> StateAsync(ApplianceSite site, string mount) =>
        (await site.Client.GetAsync($"/api/mounted-backups/{mount}")).GetProperty("state").GetProperty("name").GetString()!;

    /// <summary>Writes a range at random, with flushes, slowly enough to be met by a fault; then reads it all and checks it.</summary>
    private static VprotectProcess Fio(string uri, int from, int length) => new(
        [
            "fio", "--name=job", "--ioengine=nbd", "--uri=" + uri, "--rw=randwrite", "--bs=4k", "--iodepth=8", "--fsync=32", "--verify=crc32c", "--verify_fatal=1",
            Number("--offset=", from), Number("--size=", length), Number("--rate_iops=", length / BlockBytes / 5),
        ],
        new Dictionary<string, string>());

    private static void Succeeds(VprotectProcess fio)
    {
        Answer answer = fio.Wait();
        Assert.True(answer.ExitCode == 0, answer.Text + answer.Error);
    }

    private static VprotectProcess Count(string uri, string notes) => new(
        ["/usr/bin/python3", "-c", CountingWriter, uri, Number("", CountedFrom), Number("", (int)Blocks), notes], new Dictionary<string, string>());

    private static List<long> Noted(string notes) =>
        !File.Exists(notes) ? [] : [.. File.ReadAllLines(notes).Select(line => long.Parse(line, CultureInfo.InvariantCulture))];

    private static void CheckCounted(byte[] disk, List<long> noted)
    {
        Dictionary<long, long> last = [];
        foreach (long number in noted)
        {
            last[number % Blocks] = Math.Max(number, last.GetValueOrDefault(number % Blocks));
        }

        foreach ((long block, long number) in last)
        {
            ReadOnlySpan<byte> bytes = disk.AsSpan(CountedFrom + ((int)block * BlockBytes), BlockBytes);
            long found = BitConverter.ToInt64(bytes);
            Assert.True(found >= number && found % Blocks == block, $"Block {block} has {found}, and {number} was acknowledged.");
            Assert.True(bytes[8..].SequenceEqual(bytes[..^8]), $"Block {block} is torn.");
        }
    }

    private static byte[] Read(ApplianceSite site, string uri)
    {
        string copy = site[$"{Guid.NewGuid():N}.raw"];
        Tool.Run("nbdcopy", uri, copy);
        byte[] bytes = File.ReadAllBytes(copy);
        File.Delete(copy);
        return bytes;
    }

    /// <summary>Daemons that the appliance has started.</summary>
    private static int[] DaemonsOf(int appliance) =>
    [
        .. Process.GetProcessesByName("tgtd").Select(process => process.Id).Where(id => ParentOf(id) == Number("", appliance)),
    ];

    /// <summary>Parent of a process; null when that has ended meanwhile.</summary>
    private static string? ParentOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[1].Split(' ')[1];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static CuttableLink LinkTo(string address) => new(new IPEndPoint(IPAddress.Loopback, new Uri(address).Port));

    private static string Through(CuttableLink link, string address) => address.Replace(Number(":", new Uri(address).Port), Number(":", link.Port), StringComparison.Ordinal);

    private static string Number(string before, int value) => before + value.ToString(CultureInfo.InvariantCulture);
}
