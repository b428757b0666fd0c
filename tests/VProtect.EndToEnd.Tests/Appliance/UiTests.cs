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
            using Process story = Start(address, process.FirstPassword!, datacenter.Path, directory["repository"]);
            Task<string> complaints = story.StandardError.ReadToEndAsync();
            var told = new List<string>();
            while (await story.StandardOutput.ReadLineAsync().WaitAsync(ApplianceSite.Patience) is { } line)
            {
                told.Add(line);
                switch (line)
                {
                    case "@stop":
                        await process.EndAsync(signal: 15);
                        break;
                    case "@start":
                        process.Dispose();
                        process = new ApplianceProcess(data, program: null, address.ToString().TrimEnd('/'));
                        await process.ListensAsync();
                        break;
                    default:
                        continue;
                }

                await story.StandardInput.WriteLineAsync("done");
            }

            await story.WaitForExitAsync().WaitAsync(ApplianceSite.Patience);
            Assert.True(story.ExitCode == 0, $"{await complaints}\nafter:\n{string.Join('\n', told)}");
        }
        finally
        {
            process.Dispose();
        }
    }

    /// <summary>The units where logic lives, by Vitest.</summary>
    [Fact]
    public async Task Units()
    {
        using Process units = Process.Start(new ProcessStartInfo("node", ["node_modules/vitest/vitest.mjs", "run"])
        {
            WorkingDirectory = Folder(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> told = units.StandardOutput.ReadToEndAsync();
        string complaints = await units.StandardError.ReadToEndAsync();
        await units.WaitForExitAsync().WaitAsync(ApplianceSite.Patience);
        Assert.True(units.ExitCode == 0, await told + complaints);
    }

    private static Process Start(Uri address, string password, string datacenter, string repository) => Process.Start(new ProcessStartInfo("node", [Path.Join(Folder(), "browser", "story.mjs")])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment =
        {
            ["VPROTECT_UI_ADDRESS"] = address.ToString(),
            ["VPROTECT_UI_PASSWORD"] = password,
            ["VPROTECT_UI_DATACENTER"] = datacenter,
            ["VPROTECT_UI_REPOSITORY"] = repository,
        },
    })!;

    /// <summary>appliance/ui, beside which nothing is copied: its packages are there.</summary>
    private static string Folder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Join(folder, "VProtect.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Join(folder, "appliance", "ui");
    }
}
