using System.Diagnostics;
using VProtect.Testing.FakePlatform;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>The web UI as it is built into the appliance, in Debian's Chromium. <c>VPROTECT_UI_SHOTS</c> names a directory for pictures of its pages.</summary>
public sealed class UiTests
{
    private const long DiskBytes = 5 << 20;

    [Fact]
    public async Task From_first_log_in_to_restore_mount_restart_and_session_end()
    {
        using var directory = new TemporaryDirectory();
        FakeDatacenter datacenter = FakeDatacenter.Create(directory["datacenter"]);
        TestMachine.Add(datacenter, "web1", 1, DiskBytes, DiskBytes);
        TestMachine.Add(datacenter, "db1", 2, DiskBytes);
        string data = directory["data"];
        var process = new ApplianceProcess(data);
        try
        {
            Uri address = await process.ListensAsync();
            Directory.CreateDirectory(directory["repository"]);
            var known = new Dictionary<string, string> { ["DATACENTER"] = datacenter.Path, ["REPOSITORY"] = directory["repository"] };
            await UiStory.TellAsync("story.mjs", address, known, process.FirstPassword!, async line =>
            {
                if (line == "@stop")
                {
                    await process.EndAsync(signal: 15);
                }
                else
                {
                    process.Dispose();
                    process = new ApplianceProcess(data, program: null, address.ToString().TrimEnd('/'));
                    await process.ListensAsync();
                }
            });
            FakeMachine restored = Directory.GetDirectories(Path.Join(datacenter.Path, "machines"))
                .Select(folder => datacenter.Machine(Path.GetFileName(folder))).Single(machine => machine.Name == "web1-restored");
            Assert.Equal("dmz", Assert.Single(restored.Nics).NetworkId);
        }
        finally
        {
            process.Dispose();
        }
    }

    [Fact]
    public Task First_run_by_keyboard_alone() => TellAsync("keyboard.mjs");

    [Fact]
    public Task Policies_schedules_recovery_plans_reports_nodes_and_settings() => TellAsync("plans.mjs");

    [Fact]
    public async Task Files_of_a_backup_are_browsed_unlocked_downloaded_and_restored_into_a_machine()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["tree/home/ada/notes"]);
        await File.WriteAllTextAsync(directory["tree/home/ada/hello.txt"], "hello");
        await File.WriteAllTextAsync(directory["tree/home/ada/a&b=c #%.txt"], "odd");
        await File.WriteAllTextAsync(directory["tree/home/ada/notes/note-1"], "one");
        byte[] system = FileSystem(directory, "system", "tree", "24M");
        FileSystem(directory, "vault", "tree/home/ada/notes", "8M");
        await File.WriteAllTextAsync(directory["phrase"], "open sesame");
        string[] encrypt =
        [
            "convert", "--object", $"secret,id=phrase,file={directory["phrase"]}", "-f", "raw", "-O", "luks", "-o", "key-secret=phrase,iter-time=10", directory["vault"], directory["locked"],
        ];
        // Nothing else encrypts without a device mapper; it measures the processor first, and gives up when it was given too little of it.
        for (int tries = 1; Tool.TryRun("qemu-img", encrypt) is { ExitCode: not 0 } failed; tries++)
        {
            Assert.True(tries < 100, failed.Error);
        }

        byte[] locked = await File.ReadAllBytesAsync(directory["locked"]);
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter =>
        {
            web = TestMachine.Add(datacenter, "web1", 3, system.Length, locked.Length);
            foreach ((FakeDisk disk, byte[] bytes) in datacenter.Machine(web.Uuid).Disks.Zip([system, locked]))
            {
                datacenter.WriteAsync(web.Uuid, disk.Id, 0, bytes).GetAwaiter().GetResult();
            }
        });
        await site.BackUpAsync(await site.MachineAsync(web.Uuid));
        await UiStory.TellAsync("files.mjs", site.Address, new Dictionary<string, string>
        {
            ["MACHINE"] = "web1",
            ["FILE"] = "/home/ada/hello.txt",
            ["CONTENT"] = "hello",
            ["INTO"] = directory["guest"],
            ["PHRASE"] = "open sesame",
        });

        // A guest of the fake platform is this computer.
        Assert.Equal("hello", await File.ReadAllTextAsync(directory["guest/hello.txt"]));
    }

    [Fact]
    public async Task Rights_tokens_an_authenticator_a_kill_in_mid_task_and_a_user_who_may_little()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter =>
        {
            web = TestMachine.Add(datacenter, "web1", 4, DiskBytes);
            TestMachine.Add(datacenter, "db1", 5, DiskBytes);
        });
        string machine = await site.MachineAsync(web.Uuid);
        await site.BackUpAsync(machine);
        await web.WriteAsync();
        await site.BackUpAsync(machine);
        await web.WriteAsync();
        Uri address = site.Address;
        await UiStory.TellAsync("access.mjs", address, [], asked: async wanted =>
        {
            switch (wanted)
            {
                case "@hold":
                    site.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
                    break;
                case "@kill":
                    await site.KillAsync();
                    break;
                default:
                    site.Datacenter.LiftAll();
                    await site.StartAsync(address.ToString().TrimEnd('/'));
                    break;
            }
        });
    }

    [Fact]
    public async Task A_session_that_ends_takes_nothing_away_from_whom_it_belongs_to()
    {
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter =>
        {
            TestMachine.Add(datacenter, "web1", 6, DiskBytes);
            TestMachine.Add(datacenter, "db1", 7, DiskBytes);
        });
        await site.Client.PutAsync("/api/global-settings", new { sessionIdleTimeout = 60_000 });
        await UiStory.TellAsync("session.mjs", site.Address, []);
    }

    /// <summary>The units where logic lives, by Vitest.</summary>
    [Fact]
    public async Task Units()
    {
        using Process units = Process.Start(new ProcessStartInfo("node", ["node_modules/vitest/vitest.mjs", "run"])
        {
            WorkingDirectory = UiStory.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> told = units.StandardOutput.ReadToEndAsync();
        string complaints = await units.StandardError.ReadToEndAsync();
        await units.WaitForExitAsync().WaitAsync(ApplianceSite.Patience);
        Assert.True(units.ExitCode == 0, await told + complaints);
    }

    /// <summary>A story that begins with an appliance that is new and a platform with one machine.</summary>
    private static async Task TellAsync(string script)
    {
        using var directory = new TemporaryDirectory();
        FakeDatacenter datacenter = FakeDatacenter.Create(directory["datacenter"]);
        TestMachine.Add(datacenter, "web1", 1, DiskBytes);
        using var process = new ApplianceProcess(directory["data"]);
        Uri address = await process.ListensAsync();
        await UiStory.TellAsync(
            script, address, new() { ["REPOSITORY"] = directory["repository"], ["TYPE"] = "FAKE", ["HOST"] = datacenter.Path, ["MACHINE"] = "web1" }, process.FirstPassword!);
    }

    private static byte[] FileSystem(TemporaryDirectory directory, string label, string tree, string size)
    {
        Tool.Run("truncate", "-s", size, directory[label]);
        Tool.Run("mkfs.ext4", "-q", "-L", label, "-d", directory[tree], directory[label]);
        return File.ReadAllBytes(directory[label]);
    }
}
