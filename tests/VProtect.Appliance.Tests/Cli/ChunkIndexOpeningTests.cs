namespace VProtect.Appliance.Tests.Cli;

/// <summary>Whatever happens to the chunk index, backups and restores go on.</summary>
public sealed class ChunkIndexOpeningTests
{
    [Fact]
    public async Task Index_held_by_another_process_leaves_the_next_slot()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        await workplace.BackUpAsync(disk);
        string slot = Directory.EnumerateDirectories(workplace.PathOf("state/index")).Single() + "/0";
        using (new FileStream(Path.Combine(slot, "lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Outcome second = await workplace.RunAsync("backup", disk, "--machine", "web1", "--json");
            Assert.True(second.ExitCode == 0, second.ToString());
            Assert.Equal(0, second.Json().GetProperty("newBytes").GetInt64());
            Assert.DoesNotContain("warning", second.Error, StringComparison.Ordinal);
        }

        Assert.True(Directory.Exists(Path.Combine(Path.GetDirectoryName(slot)!, "1")));
    }

    [Fact]
    public async Task Damaged_index_is_started_anew()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        await workplace.BackUpAsync(disk);
        string slot = Directory.EnumerateDirectories(workplace.PathOf("state/index")).Single() + "/0";
        foreach (string file in Directory.EnumerateFiles(slot))
        {
            File.WriteAllText(file, "rubbish");
        }

        Outcome second = await workplace.RunAsync("backup", disk, "--machine", "web1", "--json");

        Assert.True(second.ExitCode == 0, second.ToString());
        Assert.Equal(0, second.Json().GetProperty("newBytes").GetInt64());
    }

    [Fact]
    public async Task State_that_cannot_be_written_is_a_warning()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        File.WriteAllText(workplace.PathOf("file"), "");
        workplace.Variables["VPROTECT_STATE"] = workplace.PathOf("file/state");

        Outcome outcome = await workplace.RunAsync("backup", disk, "--machine", "web1");

        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Contains("warning: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("temporary index", outcome.Error, StringComparison.Ordinal);
    }
}
