using System.Diagnostics;

namespace VProtect.Appliance.Tests.Cli;

public sealed class InterruptionTests
{
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Interrupted_backup_ends_cleanly_and_leaves_no_restore_point(string signal)
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        using Process backup = workplace.Start("backup", "-", "--machine", "web1");
        Task<string> messages = backup.StandardError.ReadToEndAsync();

        // The lease is there once the backup is at work; it then waits for standard input, which does not come.
        await backup.StandardInput.BaseStream.WriteAsync(new byte[100_000]);
        string leases = Path.Combine(workplace.Repo, "leases");
        while (!Directory.Exists(leases) || !Directory.EnumerateFiles(leases).Any())
        {
            Assert.False(backup.HasExited);
            await Task.Delay(20);
        }

        using (var kill = Process.Start("kill", ["-" + signal, $"{backup.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await backup.WaitForExitAsync();
        Assert.Equal(130, backup.ExitCode);
        Assert.Contains("interrupted; what was stored will be used by the next backup", await messages, StringComparison.Ordinal);
        string[] Names(string directory) => [.. Directory.EnumerateFiles(directory).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        Assert.Equal(Names(leases), Names(Path.Join(Path.GetDirectoryName(leases), "ended")));
        Outcome list = await workplace.RunAsync("list", "--json");
        Assert.Equal(0, list.Json().GetProperty("restorePoints").GetArrayLength());
    }
}
