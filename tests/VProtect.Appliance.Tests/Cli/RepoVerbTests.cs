using System.Text.Json;

namespace VProtect.Appliance.Tests.Cli;

public sealed class RepoVerbTests
{
    [Fact]
    public async Task Recovery_key_is_shown_once_and_opens_the_repository()
    {
        using var workplace = new Workplace();
        Outcome made = await workplace.RunAsync("repo", "init", "--json");
        workplace.Variables["VPROTECT_PASSPHRASE"] = made.Json().GetProperty("recoveryKey").GetString();

        Outcome info = await workplace.RunAsync("repo", "info", "--json");

        Assert.Equal(0, info.ExitCode);
        Assert.Equal(made.Json().GetProperty("id").GetString(), info.Json().GetProperty("id").GetString());
        Assert.DoesNotContain("recovery", info.Out, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Repository_without_encryption_needs_no_pass_phrase()
    {
        using var workplace = new Workplace();
        workplace.Variables.Remove("VPROTECT_PASSPHRASE");
        Assert.Equal(0, (await workplace.RunAsync("repo", "init", "--no-encryption")).ExitCode);
        Outcome info = await workplace.RunAsync("repo", "info", "--json");
        Assert.False(info.Json().GetProperty("encrypted").GetBoolean());
    }

    [Fact]
    public async Task Info_tells_what_there_is_within_80_columns()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        string gone = await workplace.BackUpAsync(disk);
        await workplace.BackUpAsync(disk);
        await workplace.BackUpAsync(workplace.MakeDisk("b.raw", seed: 2), "web2");
        await workplace.RunAsync("hold", "latest", "--machine", "web2");
        await workplace.RunAsync("forget", gone);

        Outcome info = await workplace.RunAsync("repo", "info", "--reserve", "1T");
        Assert.Equal(0, info.ExitCode);
        Assert.Contains("2 of 2 machines, 1 held, 1 forgotten", info.Out, StringComparison.Ordinal);
        Assert.Contains("reserve 1.00 TiB", info.Out, StringComparison.Ordinal);
        Assert.Contains("not enough history", info.Out, StringComparison.Ordinal);
        Assert.Contains("vprotect repo gc", info.Out, StringComparison.Ordinal);
        Assert.All(info.Out.Split('\n').Where(line => !line.StartsWith("repository", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 80));

        JsonElement json = (await workplace.RunAsync("repo", "info", "--json")).Json();
        Assert.Equal(1, json.GetProperty("formatVersion").GetInt32());
        Assert.Equal(0, json.GetProperty("writers").GetArrayLength());
        Assert.Equal(1, json.GetProperty("keys").GetInt32());
        Assert.Equal(32, json.GetProperty("openedByKey").GetString()!.Length);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("daysUntilFull").ValueKind);
        Assert.True(json.GetProperty("reserveBytes").GetInt64() > 0);
        Assert.True(json.GetProperty("uniqueBytes").GetInt64() > 4 << 20);
    }

    [Fact]
    public async Task Backup_that_would_use_the_reserve_is_refused_with_what_to_do()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        await workplace.BackUpAsync(disk);
        workplace.Variables["VPROTECT_RESERVE"] = "4000T";
        Outcome refused = await workplace.RunAsync("backup", disk, "--machine", "web1");
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("reserve", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--reserve", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await workplace.RunAsync("backup", disk, "--machine", "web1", "--reserve", "0")).ExitCode);
        Assert.Equal(2, (await workplace.RunAsync("backup", disk, "--machine", "web1", "--reserve", "much")).ExitCode);
    }

    [Theory]
    [InlineData("--chunk-size", "100000")]
    [InlineData("--chunk-size", "2M")]
    [InlineData("--chunk-size", "-1")]
    [InlineData("--pack-size", "1M")]
    [InlineData("--pack-size", "big")]
    public async Task Size_that_cannot_be_is_refused_before_anything_is_written(string option, string value)
    {
        using var workplace = new Workplace();
        Outcome outcome = await workplace.RunAsync("repo", "init", option, value);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(option, outcome.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(workplace.Repo, "repository")));
    }

    [Fact]
    public async Task Added_key_opens_the_repository_and_a_removed_one_does_not()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        workplace.Variables["VPROTECT_NEW_PASSPHRASE"] = "battery staple";
        Outcome added = await workplace.RunAsync("repo", "key", "add", "--label", "second", "--json");
        Assert.True(added.ExitCode == 0, added.ToString());
        JsonElement keys = (await workplace.RunAsync("repo", "key", "list", "--json")).Json().GetProperty("keys");
        string first = keys.EnumerateArray().Select(key => key.GetProperty("id").GetString()!).Single(id => id != added.Json().GetProperty("id").GetString());

        workplace.Variables["VPROTECT_PASSPHRASE"] = "battery staple";
        Assert.Equal(0, (await workplace.RunAsync("repo", "key", "remove", first[..8])).ExitCode);

        Assert.Equal(0, (await workplace.RunAsync("list")).ExitCode);
        workplace.Variables["VPROTECT_PASSPHRASE"] = "correct horse";
        Assert.Equal(6, (await workplace.RunAsync("list")).ExitCode);
    }

    [Fact]
    public async Task Only_key_stays()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        JsonElement keys = (await workplace.RunAsync("repo", "key", "list", "--json")).Json().GetProperty("keys");
        Assert.Equal(2, (await workplace.RunAsync("repo", "key", "remove", keys[0].GetProperty("id").GetString()!)).ExitCode);
    }

    [Fact]
    public async Task Rotated_data_key_leaves_everything_readable()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string first = workplace.MakeDisk("a.raw", seed: 1);
        string id = await workplace.BackUpAsync(first);
        Assert.Equal(0, (await workplace.RunAsync("repo", "key", "rotate")).ExitCode);
        await workplace.BackUpAsync(workplace.MakeDisk("b.raw", seed: 2));

        Assert.Equal(0, (await workplace.RunAsync("repo", "verify")).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("restore", id, "--to", workplace.PathOf("out.raw"))).ExitCode);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(workplace.PathOf("out.raw")));
    }

    [Fact]
    public async Task Forgotten_restore_point_is_gone_and_two_collections_free_its_space()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string gone = await workplace.BackUpAsync(workplace.MakeDisk("a.raw", seed: 1));
        string kept = workplace.MakeDisk("b.raw", seed: 2);
        string keptId = await workplace.BackUpAsync(kept, "web2");

        Assert.Equal(0, (await workplace.RunAsync("forget", gone[..6])).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("repo", "gc", "--json")).ExitCode);
        Outcome second = await workplace.RunAsync("repo", "gc", "--json");

        Assert.True(second.Json().GetProperty("freedBytes").GetInt64() > 1 << 20, second.ToString());
        Outcome list = await workplace.RunAsync("list", "--json");
        Assert.Equal([keptId], list.Json().GetProperty("restorePoints").EnumerateArray().Select(point => point.GetProperty("id").GetString()));
        Assert.Equal(0, (await workplace.RunAsync("repo", "verify")).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("restore", keptId, "--to", workplace.PathOf("out.raw"))).ExitCode);
        Assert.Equal(File.ReadAllBytes(kept), File.ReadAllBytes(workplace.PathOf("out.raw")));
    }

    [Fact]
    public async Task Forget_changes_nothing_when_one_id_is_wrong()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string id = await workplace.BackUpAsync(workplace.MakeDisk("a.raw", seed: 1));
        Assert.Equal(8, (await workplace.RunAsync("forget", id, "00000000")).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("show", id)).ExitCode);
    }

    [Fact]
    public async Task Empty_machine_learns_the_index_and_restores()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        await workplace.BackUpAsync(disk);
        Directory.Delete(workplace.PathOf("state"), recursive: true);

        Outcome rebuilt = await workplace.RunAsync("repo", "rebuild-index", "--json");

        Assert.True(rebuilt.Json().GetProperty("chunks").GetInt64() > 0, rebuilt.ToString());
        Assert.Equal(0, (await workplace.RunAsync("repo", "check")).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("restore", "latest", "--to", workplace.PathOf("out.raw"))).ExitCode);
        Assert.Equal(File.ReadAllBytes(disk), File.ReadAllBytes(workplace.PathOf("out.raw")));
    }

    [Fact]
    public async Task Diff_names_what_changed()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        string older = await workplace.BackUpAsync(disk);
        byte[] content = File.ReadAllBytes(disk);
        content.AsSpan(0, 32 << 10).Clear();
        content[(2 << 20) + 5] ^= 1;
        File.WriteAllBytes(disk, content);
        string newer = await workplace.BackUpAsync(disk);

        Outcome outcome = await workplace.RunAsync("diff", older, newer, "--json");

        Assert.Equal(
            [(0, 32 << 10, "zero"), (2 << 20, 16 << 10, "data")],
            outcome.Json().GetProperty("extents").EnumerateArray().Select(extent => (
                extent.GetProperty("offsetBytes").GetInt32(), extent.GetProperty("lengthBytes").GetInt32(), extent.GetProperty("kind").GetString()!)));
    }
}
