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
}
