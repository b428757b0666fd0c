using System.Text;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Node.Execution.GuestFiles;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

/// <summary>
/// Files of a mount into a machine whose guest is this one: the scripts run here, on real file systems, below a temporary directory. The agent itself is in
/// EndToEnd.Tests/Kvm/KvmFileRestoreTests.
/// </summary>
public sealed class RestoreIntoGuestTests
{
    private const string MountGuid = "0b0c7a58-6d8c-4b4c-9b5e-3f0e5a3f2f11";

    [Fact]
    public async Task Files_of_all_kinds_are_restored_and_what_is_there_is_kept_replaced_or_left_beside()
    {
        await using TestNode node = await TestNode.StartAsync();
        string tree = node["tree"];
        Directory.CreateDirectory($"{tree}/ada/sub");
        await File.WriteAllBytesAsync($"{tree}/ada/big.bin", RandomDisk.Create(new Random(5), 1_500_000));
        await File.WriteAllTextAsync($"{tree}/ada/report.odt", "from the backup");
        Shell("""
            cd "$1/ada" && printf x >"$(printf 'odd\377\nname; $(touch y)')" && printf y >-n && ln -s /etc/shadow link && mkfifo pipe && touch empty
            chown 1234:4321 report.odt && chmod 4640 report.odt && touch -d 2001-02-03T04:05:06Z report.odt && chown -h 77:88 link && touch -h -d 2002-02-03T04:05:06Z link
            chown 55:66 sub && chmod 2750 sub && printf z >sub/inner && touch -d 2003-02-03T04:05:06Z sub && touch -d 2004-02-03T04:05:06Z .
            """, tree);
        RestoreIntoGuestWork work = await MountAsync(node, tree);

        // 1. Nothing is there: everything comes, but the pipe.
        GuestFilesResult result = await node.SucceedAsync<GuestFilesResult>(work with { Paths = ["/ada"], Folder = node["guest/new"], KeepsPrivileges = true });
        Assert.Equal((6, 2, 1, 1), (result.Files, result.Folders, result.Links, result.Skipped));
        Assert.Equal("/ada/pipe", Assert.Single(result.Left).Path);
        File.Delete($"{tree}/ada/pipe");
        Shell("touch -d 2004-02-03T04:05:06Z \"$1\"", $"{tree}/ada");
        Assert.Equal(AsTold($"{tree}/ada"), AsTold(node["guest/new/ada"]));
        Assert.Equal(await File.ReadAllBytesAsync($"{tree}/ada/big.bin"), await File.ReadAllBytesAsync(node["guest/new/ada/big.bin"]));

        // 2. What is there is kept; beside it, under another name; replaced. Into another machine nothing comes that runs as root.
        string there = node["guest/new/ada/report.odt"];
        await File.WriteAllTextAsync(there, "of the guest");
        result = await node.SucceedAsync<GuestFilesResult>(work with { Paths = ["/ada/report.odt"], Folder = node["guest/new/ada"] });
        Assert.Equal((0, 1, "of the guest"), (result.Files, result.Skipped, await File.ReadAllTextAsync(there)));
        await node.SucceedAsync<GuestFilesResult>(work with { Paths = ["/ada/report.odt"], Folder = node["guest/new/ada"], Existing = "RENAME", Suffix = " (restored)" });
        Assert.Equal(("of the guest", "from the backup"), (await File.ReadAllTextAsync(there), await File.ReadAllTextAsync(node["guest/new/ada/report (restored).odt"])));
        await node.SucceedAsync<GuestFilesResult>(work with { Paths = ["/ada/report.odt", "/ada/link"], Folder = node["guest/new/ada"], Existing = "REPLACE" });
        Assert.Equal("from the backup", await File.ReadAllTextAsync(there));
        Assert.Equal("640 1234 link /etc/shadow\n", Shell("stat -c '%a %u' \"$1/report.odt\" | tr '\\n' ' '; printf 'link '; readlink \"$1/link\"", node["guest/new/ada"]));

        // 3. A link on the way is not followed, and no folder goes where a file is.
        Directory.CreateDirectory(node["guest/trap"]);
        Directory.CreateDirectory(node["elsewhere"]);
        File.CreateSymbolicLink(node["guest/trap/ada"], node["elsewhere"]);
        TaskFault fault = await node.FailAsync(work with { Paths = ["/ada/"], Folder = node["guest/trap"], Existing = "REPLACE" });
        Assert.Equal(ErrorCode.TargetWriteFailed, fault.Code);
        Assert.Contains("something else than a folder", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(node["elsewhere"]));

        // 4. Nothing temporary stays.
        Assert.Empty(Leftovers(node));
        Assert.Equal(ErrorCode.InvalidArgument, (await node.FailAsync(work with { Paths = ["/../etc"], Folder = node["guest"] })).Code);
        Assert.Equal(ErrorCode.InvalidArgument, (await node.FailAsync(work with { Paths = ["/ada"], Folder = null })).Code);
        Shell("rm -r \"$1\" \"$2\"", tree, node["guest"]); // names that .NET cannot remove
    }

    [Fact]
    public async Task What_is_cancelled_or_cut_leaves_no_part_of_a_file()
    {
        await using TestNode node = await TestNode.StartAsync();
        Directory.CreateDirectory(node["tree"]);
        await File.WriteAllBytesAsync(node["tree/big.bin"], RandomDisk.Create(new Random(6), 4_000_000));
        RestoreIntoGuestWork work = (await MountAsync(node, node["tree"])) with { Paths = ["/big.bin"], Folder = node["guest"] };

        // Each step of the guest, in turn, a script or a piece of content: from there on its agent is gone, and what is temporary stays.
        foreach (int passes in (int[])[0, 1, 2, 4, 40])
        {
            node.Datacenter.Order(new Fault(FakeStep.Guest, FaultKind.Fail) { Passes = passes });
            TaskFault fault = await node.FailAsync(work);
            Assert.Equal(ErrorSide.Platform, fault.Side);
            Assert.False(File.Exists(node["guest/big.bin"]));
            foreach (string left in Leftovers(node))
            {
                Directory.Delete(left, recursive: true);
            }

            node.Datacenter.LiftAll();
        }

        node.Datacenter.Order(new Fault(FakeStep.Guest, FaultKind.Pause) { Passes = 20 });
        string task = node.Channel.Give(work);
        await node.Channel.WaitForStageAsync(task, "restoring");
        await node.Channel.StopObeyedAsync(task, TaskDirective.Cancel);
        node.Datacenter.LiftAll();
        Assert.Equal(TaskEnd.Cancelled, (await node.Channel.WaitAsync(task)).End);
        Assert.False(File.Exists(node["guest/big.bin"]));
        Assert.Empty(Leftovers(node));
        await node.SucceedAsync<GuestFilesResult>(work);
        Assert.Equal(await File.ReadAllBytesAsync(node["tree/big.bin"]), await File.ReadAllBytesAsync(node["guest/big.bin"]));
    }

    [Theory]
    [InlineData("/a/../b")]
    [InlineData("./a")]
    [InlineData("/a\\x00")]
    [InlineData("/a\\n")]
    public void A_path_that_leads_elsewhere_is_refused(string path) =>
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<VProtectException>(() => GuestFilePlan.PartsOf(path)).Code);

    [Fact]
    public void Of_several_mount_points_of_a_file_system_the_nearest_counts()
    {
        GuestPlace[] places = [new([], "/mnt"u8.ToArray()), new([Bytes("@")], "/"u8.ToArray()), new([Bytes("@home")], "/home"u8.ToArray())];

        Assert.Equal("/", Text(GuestPlace.Of(places, GuestFilePlan.PartsOf("/@/etc/fstab"))!.Target));
        Assert.Equal("/home", Text(GuestPlace.Of(places, GuestFilePlan.PartsOf("/@home/ada"))!.Target));
        Assert.Equal("/mnt", Text(GuestPlace.Of(places, GuestFilePlan.PartsOf("/@other/ada"))!.Target));
        Assert.Null(GuestPlace.Of(places[1..], GuestFilePlan.PartsOf("/@other/ada")));
    }

    private static async Task<RestoreIntoGuestWork> MountAsync(TestNode node, string tree)
    {
        Shell("truncate -s 24M \"$1\" && mkfs.ext4 -q -d \"$2\" \"$1\"", node["disk"], tree);
        byte[] disk = await File.ReadAllBytesAsync(node["disk"]);
        FakeMachine machine = await node.AddMachineAsync(diskBytes: disk.Length);
        await node.Datacenter.WriteAsync(machine.Uuid, machine.Disks[0].Id, 0, disk);
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        await node.SucceedAsync<MountResult>(new MountWork { Repository = node.Repository, PointId = backup.PointId, MountGuid = MountGuid });
        return new RestoreIntoGuestWork { MountGuid = MountGuid, Volume = "ubda", Paths = [], Platform = node.Platform, MachineUuid = machine.Uuid };
    }

    private static List<string> Leftovers(TestNode node) =>
        [.. Directory.EnumerateFileSystemEntries("/", ".vprotect-restore-*").Concat(Directory.EnumerateFileSystemEntries("/tmp", ".vprotect-restore-*"))
            .Concat(Directory.Exists(node["guest"]) ? Directory.EnumerateFileSystemEntries(node["guest"], ".vprotect-restore-*", SearchOption.AllDirectories) : [])];

    /// <summary>All there is: kind, permissions, owner, time, size of files, where links lead to.</summary>
    private static string AsTold(string path) => Shell("""
        find "$1" '(' -type l -printf '%P l %l %U:%G %Ts\0' -o -type d -printf '%P d %m %U:%G %Ts\0' -o -printf '%P f %m %U:%G %s %Ts\0' ')' | sort -z | od -c
        """, path);

    private static string Shell(string script, params string[] arguments) => Tool.Run("sh", ["-ec", script, "sh", .. arguments]);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
