using System.Diagnostics;
using System.Text.Json;
using VProtect.Nbd;

namespace VProtect.Appliance.Tests.Cli;

public sealed class MountVerbTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_mounted_restore_point_is_read_over_nbd_until_it_is_interrupted()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        string point = await workplace.BackUpAsync(disk);
        using Mount mount = await Mount.StartAsync(workplace, point, "--listen", $"unix:{workplace.PathOf("s")}");
        await using (NbdClient client = await mount.ConnectAsync())
        {
            Assert.True(client.Flags.HasFlag(NbdExportFlags.ReadOnly));
            byte[] read = new byte[client.SizeBytes];
            await client.ReadAsync(0, read, None);
            Assert.Equal(await File.ReadAllBytesAsync(disk), read);
        }

        Assert.Equal(0, await mount.InterruptAsync());
        Assert.False(File.Exists(workplace.PathOf("s")));
    }

    [Fact]
    public async Task What_is_written_is_kept_in_the_overlay_and_can_become_a_restore_point()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 2);
        string point = await workplace.BackUpAsync(disk);
        string overlay = workplace.PathOf("o");
        string[] how = ["--listen", $"unix:{workplace.PathOf("s")}", "--overlay", overlay];
        byte[] content = await File.ReadAllBytesAsync(disk);
        content.AsSpan(100_000, 50_000).Fill(7);
        using (Mount mount = await Mount.StartAsync(workplace, [point, .. how]))
        {
            await using (NbdClient client = await mount.ConnectAsync())
            {
                await client.WriteAsync(100_000, content.AsMemory(100_000, 50_000), fua: true, None);
            }

            mount.Kill(); // flushed is flushed
        }

        using (Mount again = await Mount.StartAsync(workplace, [point, .. how]))
        {
            Assert.InRange(again.Disk.GetProperty("changedBytes").GetInt64(), 50_000, 60_000);
            await using NbdClient client = await again.ConnectAsync();
            byte[] read = new byte[client.SizeBytes];
            await client.ReadAsync(0, read, None);
            Assert.Equal(content, read);
            Outcome busy = await workplace.RunAsync(["mount", point, .. how, "--commit"]);
            Assert.NotEqual(0, busy.ExitCode);
            Assert.Contains("in use", busy.Error, StringComparison.Ordinal);
            Assert.Equal(0, await again.InterruptAsync());
        }

        Outcome committed = await workplace.RunAsync(["mount", point, .. how, "--commit", "--label", "repaired", "--json"]);
        Assert.True(committed.ExitCode == 0, committed.ToString());
        string made = committed.Json().GetProperty("restorePoint").GetString()!;
        Outcome restored = await workplace.RunAsync("restore", made, "--to", workplace.PathOf("b.raw"));
        Assert.True(restored.ExitCode == 0, restored.ToString());
        Assert.Equal(content, await File.ReadAllBytesAsync(workplace.PathOf("b.raw")));
    }

    [Theory]
    [InlineData("--listen", "tcp")]
    [InlineData("--listen", "0.0.0.0:10809")]
    [InlineData("--listen", "nowhere")]
    [InlineData("--allow", "300.0.0.0/8")]
    [InlineData("--cache", "1K")]
    [InlineData("--file-cache", "much")]
    [InlineData("--commit", "--quiet")]
    public async Task What_makes_no_sense_or_would_lay_the_disk_open_is_refused_before_anything_is_done(params string[] how)
    {
        using var workplace = new Workplace();
        Outcome outcome = await workplace.RunAsync(["mount", "latest", .. how]);
        Assert.Equal(2, outcome.ExitCode);
    }

    /// <summary>The program, serving.</summary>
    private sealed class Mount : IDisposable
    {
        private readonly Process _process;

        private Mount(Process process, JsonElement disk) => (_process, Disk) = (process, disk);

        public JsonElement Disk { get; }

        public static async Task<Mount> StartAsync(Workplace workplace, params string[] args)
        {
            Process process = workplace.Start(["mount", .. args, "--json"]);
            string? line = await process.StandardOutput.ReadLineAsync();
            Assert.True(line is not null, await Messages(process, line));
            return new Mount(process, JsonDocument.Parse(line).RootElement.GetProperty("disks")[0]);
        }

        public Task<NbdClient> ConnectAsync() => NbdClient.ConnectAsync(NbdUri.Parse(Disk.GetProperty("uri").GetString()!), new NbdConnectOptions(), None);

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public async Task<int> InterruptAsync()
        {
            using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
            await kill.WaitForExitAsync();
            await _process.WaitForExitAsync();
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                Kill();
            }

            _process.Dispose();
        }

        private static async Task<string> Messages(Process process, string? line) =>
            line is null ? await process.StandardError.ReadToEndAsync() : "";
    }
}
