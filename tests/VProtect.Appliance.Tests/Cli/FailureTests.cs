namespace VProtect.Appliance.Tests.Cli;

/// <summary>Bad input of every kind: a clear error and the documented exit code, and no stack trace.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Missing_repository_is_not_found()
    {
        using var workplace = new Workplace();
        AssertFailed(8, await workplace.RunAsync("list"), "repo init");
    }

    [Fact]
    public async Task Directory_that_is_no_repository_is_not_found()
    {
        using var workplace = new Workplace();
        Directory.CreateDirectory(workplace.Repo);
        AssertFailed(8, await workplace.RunAsync("list"), "no repository");
    }

    [Fact]
    public async Task No_repository_named_is_a_wrong_argument()
    {
        using var workplace = new Workplace();
        workplace.Variables.Remove("VPROTECT_REPOSITORY");
        AssertFailed(2, await workplace.RunAsync("list"), "--repo");
    }

    [Fact]
    public async Task Place_of_a_kind_not_yet_supported_says_what_is()
    {
        using var workplace = new Workplace();
        AssertFailed(2, await workplace.RunAsync("repo", "init", "swift://bucket/repo"), "file URL");
    }

    [Fact]
    public async Task Wrong_pass_phrase_is_refused()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        workplace.Variables["VPROTECT_PASSPHRASE"] = "battery staple";
        Outcome outcome = await workplace.RunAsync("list");
        AssertFailed(6, outcome, "--key-file");
        Assert.DoesNotContain("battery", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_pass_phrase_is_refused()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        workplace.Variables.Remove("VPROTECT_PASSPHRASE");
        AssertFailed(6, await workplace.RunAsync("list"), "VPROTECT_PASSPHRASE");
    }

    [Fact]
    public async Task Empty_pass_phrase_is_refused()
    {
        using var workplace = new Workplace();
        workplace.Variables["VPROTECT_PASSPHRASE"] = "";
        AssertFailed(2, await workplace.RunAsync("repo", "init"), "empty");
        Assert.False(File.Exists(Path.Combine(workplace.Repo, "repository")));
    }

    [Fact]
    public async Task Second_init_leaves_the_repository_alone()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        AssertFailed(5, await workplace.RunAsync("repo", "init"), "already");
    }

    [Fact]
    public async Task Unknown_machine_is_not_found_and_the_known_are_named()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        await workplace.BackUpAsync(workplace.MakeDisk("disk.raw", seed: 1));
        AssertFailed(8, await workplace.RunAsync("list", "--machine", "web9"), "web1");
        AssertFailed(8, await workplace.RunAsync("restore", "latest", "--machine", "web9", "--to", "x"), "web9");
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0123456789")]
    public async Task Id_that_fits_nothing_is_not_found(string id)
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        AssertFailed(8, await workplace.RunAsync("show", id), "vprotect list");
        AssertFailed(8, await workplace.RunAsync("forget", id), "vprotect list");
    }

    [Fact]
    public async Task Missing_source_is_named()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        AssertFailed(3, await workplace.RunAsync("backup", workplace.PathOf("none.raw"), "--machine", "web1"), "none.raw");
    }

    [Fact]
    public async Task Nbd_server_that_is_not_there_is_a_source_that_failed()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        AssertFailed(
            3, await workplace.RunAsync("backup", $"nbd+unix:///?socket={workplace.PathOf("no.sock")}", "--machine", "web1"), "no.sock");
    }

    [Fact]
    public async Task Target_that_exists_is_left_alone_unless_told()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("disk.raw", seed: 1);
        await workplace.BackUpAsync(disk);
        string target = workplace.PathOf("target.raw");
        File.WriteAllText(target, "precious");

        AssertFailed(4, await workplace.RunAsync("restore", "latest", "--to", target), "--overwrite");
        Assert.Equal("precious", File.ReadAllText(target));

        Outcome told = await workplace.RunAsync("restore", "latest", "--to", target, "--overwrite");
        Assert.True(told.ExitCode == 0, told.ToString());
        Assert.Equal(File.ReadAllBytes(disk), File.ReadAllBytes(target));
    }

    [Fact]
    public async Task Failure_is_one_json_document_when_asked_for()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        workplace.Variables["VPROTECT_PASSPHRASE"] = "battery staple";
        Outcome outcome = await workplace.RunAsync("list", "--json");
        Assert.Equal(6, outcome.ExitCode);
        Assert.Equal(2104, outcome.Json().GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal("WrongKey", outcome.Json().GetProperty("error").GetProperty("name").GetString());
        Assert.Equal("", outcome.Error);
    }

    [Fact]
    public async Task Unknown_verb_is_a_wrong_argument()
    {
        using var workplace = new Workplace();
        AssertFailed(2, await workplace.RunAsync("bakcup"), "--help");
    }

    [Fact]
    public async Task Damaged_data_is_found_named_and_never_restored()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string id = await workplace.BackUpAsync(workplace.MakeDisk("disk.raw", seed: 1));
        string pack = Directory.EnumerateFiles(Path.Combine(workplace.Repo, "packs"), "*", SearchOption.AllDirectories)
            .MaxBy(path => new FileInfo(path).Length)!;
        using (FileStream file = File.OpenWrite(pack))
        {
            file.Position = 100_000;
            file.WriteByte(0x55);
            file.WriteByte(0xAA);
        }

        AssertFailed(7, await workplace.RunAsync("restore", id, "--to", workplace.PathOf("out.raw")), "repo verify");
        Assert.False(File.Exists(workplace.PathOf("out.raw")));
        Outcome verified = await workplace.RunAsync("repo", "verify", "--json");
        Assert.True(verified.ExitCode == 7, verified.ToString());
        Assert.Equal(id, verified.Json().GetProperty("affected")[0].GetProperty("id").GetString());
        Assert.Equal(7, (await workplace.RunAsync("repo", "verify")).ExitCode);
    }

    private static void AssertFailed(int exitCode, Outcome outcome, string says)
    {
        Assert.True(exitCode == outcome.ExitCode, outcome.ToString());
        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(says, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("", outcome.Out);
    }
}
