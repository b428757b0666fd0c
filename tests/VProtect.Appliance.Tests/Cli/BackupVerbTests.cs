using System.Text.Json;

namespace VProtect.Appliance.Tests.Cli;

public sealed class BackupVerbTests
{
    [Fact]
    public async Task What_is_backed_up_is_what_is_restored()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("disk.raw", seed: 1);
        await workplace.BackUpAsync(disk);

        Outcome restored = await workplace.RunAsync("restore", "latest", "--to", workplace.PathOf("out.raw"));

        Assert.True(restored.ExitCode == 0, restored.ToString());
        Assert.Equal(File.ReadAllBytes(disk), File.ReadAllBytes(workplace.PathOf("out.raw")));
    }

    [Fact]
    public async Task Second_backup_of_the_same_disk_stores_nothing_and_says_why_it_read_everything()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("disk.raw", seed: 1);
        await workplace.BackUpAsync(disk);

        Outcome second = await workplace.RunAsync("backup", disk, "--machine", "web1", "--json");

        JsonElement document = second.Json();
        Assert.Equal("compare", document.GetProperty("mode").GetString());
        Assert.NotEmpty(document.GetProperty("reason").GetString()!);
        Assert.Equal(0, document.GetProperty("newBytes").GetInt64());
        Assert.Equal(0, document.GetProperty("storedBytes").GetInt64());
        Assert.Equal(3 << 20, document.GetProperty("sizeBytes").GetInt64());
    }

    [Fact]
    public async Task Several_disks_make_one_restore_point_and_are_named_in_order()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string first = workplace.MakeDisk("a.raw", seed: 1);
        string second = workplace.MakeDisk("b.raw", seed: 2);

        Outcome outcome = await workplace.RunAsync("backup", first, second, "--disk", "root", "--machine", "web1", "--json");

        IEnumerable<string?> names = outcome.Json().GetProperty("disks").EnumerateArray().Select(disk => disk.GetProperty("name").GetString());
        Assert.Equal(["root", "disk1"], names);
        Outcome restored = await workplace.RunAsync("restore", "latest", "--disk", "disk1", "--to", workplace.PathOf("out.raw"));
        Assert.True(restored.ExitCode == 0, restored.ToString());
        Assert.Equal(File.ReadAllBytes(second), File.ReadAllBytes(workplace.PathOf("out.raw")));
    }

    [Theory]
    [InlineData("--level", "20")]
    [InlineData("--level", "many")]
    [InlineData("--disk", "")]
    [InlineData("--format", "iso")]
    [InlineData("--bitmap", "b0")]
    public async Task Option_that_cannot_be_is_a_wrong_argument(string option, string value)
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("disk.raw", seed: 1);

        Outcome outcome = await workplace.RunAsync("backup", disk, "--machine", "web1", option, value);

        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("hint: ", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--disk", "a", "--disk", "a")]
    [InlineData("--disk", "disk1")]
    public async Task Two_disks_of_one_name_are_refused(params string[] options)
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("disk.raw", seed: 1);

        Outcome outcome = await workplace.RunAsync(["backup", disk, disk, "--machine", "web1", .. options]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("Two disks are named", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parent_that_does_not_exist_is_an_error_and_not_a_silent_full()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("disk.raw", seed: 1);

        Outcome outcome = await workplace.RunAsync("backup", disk, "--machine", "web1", "--parent", "abcdef");

        Assert.Equal(8, outcome.ExitCode);
    }

    [Fact]
    public async Task Standard_input_is_a_source_and_standard_output_a_target()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        byte[] content = File.ReadAllBytes(workplace.MakeDisk("disk.raw", seed: 1));
        using (var backup = workplace.Start("backup", "-", "--machine", "web1", "-q"))
        {
            Task<string> messages = backup.StandardError.ReadToEndAsync();
            await backup.StandardInput.BaseStream.WriteAsync(content);
            backup.StandardInput.Close();
            await backup.WaitForExitAsync();
            Assert.True(backup.ExitCode == 0, await messages);
        }

        using var restore = workplace.Start("restore", "latest", "--to", "-");
        Task<string> summary = restore.StandardError.ReadToEndAsync();
        var restored = new MemoryStream();
        await restore.StandardOutput.BaseStream.CopyToAsync(restored);
        await restore.WaitForExitAsync();
        Assert.True(restore.ExitCode == 0, await summary);
        Assert.Equal(content, restored.ToArray());
        Assert.Contains("Restored disk0", await summary, StringComparison.Ordinal);
    }
}
