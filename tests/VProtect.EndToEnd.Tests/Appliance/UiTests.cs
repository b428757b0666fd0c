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
            using Process story = UiStory.Start("story.mjs", address, process.FirstPassword!, new() { ["DATACENTER"] = datacenter.Path, ["REPOSITORY"] = directory["repository"] });
            await UiStory.EndAsync(story, async line =>
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
        }
        finally
        {
            process.Dispose();
        }
    }

    [Fact]
    public async Task Policies_schedules_recovery_plans_reports_nodes_and_settings()
    {
        using var directory = new TemporaryDirectory();
        FakeDatacenter datacenter = FakeDatacenter.Create(directory["datacenter"]);
        TestMachine.Add(datacenter, "web1", 1, DiskBytes);
        using var process = new ApplianceProcess(directory["data"]);
        Uri address = await process.ListensAsync();
        using Process story = UiStory.Start("plans.mjs", address, process.FirstPassword!, new()
        {
            ["REPOSITORY"] = directory["repository"],
            ["TYPE"] = "FAKE",
            ["HOST"] = datacenter.Path,
            ["MACHINE"] = "web1",
        });
        await UiStory.EndAsync(story, _ => Task.CompletedTask);
    }

    [Fact]
    public async Task Files_of_a_backup_are_browsed_unlocked_and_downloaded()
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
            ["PHRASE"] = "open sesame",
        });
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
        await UiStory.TellAsync("access.mjs", address, [], async wanted =>
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

    private static byte[] FileSystem(TemporaryDirectory directory, string label, string tree, string size)
    {
        Tool.Run("truncate", "-s", size, directory[label]);
        Tool.Run("mkfs.ext4", "-q", "-L", label, "-d", directory[tree], directory[label]);
        return File.ReadAllBytes(directory[label]);
    }
}
