using System.Diagnostics;
using System.Text.Json;

namespace VProtect.Appliance.Tests.Cli;

public sealed class VerifyVerbTests
{
    /// <summary>The whole story of a bad chunk: found, named, written again by the next backup, clean; old restore points whole; and gone with its pack.</summary>
    [Fact]
    public async Task Damage_is_named_healed_by_the_next_backup_and_gone_after_collections()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        string disk = workplace.MakeDisk("a.raw", seed: 1);
        string id = await workplace.BackUpAsync(disk);
        string pack = LargestPack(workplace);
        Flip(pack, 500_000);

        Assert.Equal(0, (await workplace.RunAsync("repo", "check")).ExitCode);
        Outcome found = await workplace.RunAsync("repo", "verify", "--json");
        Assert.True(found.ExitCode == 7, found.ToString());
        JsonElement affected = Assert.Single(found.Json().GetProperty("affected").EnumerateArray());
        Assert.Equal((id, "web1", "disk0"), (affected.GetProperty("id").GetString(), affected.GetProperty("machine").GetString(), affected.GetProperty("disk").GetString()));
        JsonElement range = Assert.Single(affected.GetProperty("ranges").EnumerateArray());
        Assert.Equal(16 << 10, range.GetProperty("lengthBytes").GetInt64());
        Assert.Equal(16 << 10, found.Json().GetProperty("bytesAtStake").GetInt64());

        // From now on the metadata tells it too, in words as well.
        Outcome check = await workplace.RunAsync("repo", "check");
        Assert.True(check.ExitCode == 7, check.ToString());
        Assert.Contains($"{id[..8]}  web1, number 1", check.Out, StringComparison.Ordinal);
        Assert.Contains($"16.0 KiB lost (bytes {range.GetProperty("offsetBytes").GetInt64()}+16384)", check.Out, StringComparison.Ordinal);
        Assert.Equal(7, (await workplace.RunAsync("restore", id, "--to", workplace.PathOf("bad.raw"))).ExitCode);

        string second = await workplace.BackUpAsync(disk);
        Outcome clean = await workplace.RunAsync("repo", "verify");
        Assert.True(clean.ExitCode == 0, clean.ToString());
        Assert.Contains("1 chunk damaged earlier has been stored anew", clean.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await workplace.RunAsync("repo", "check")).ExitCode);
        foreach (string point in new[] { id, second })
        {
            Assert.Equal(0, (await workplace.RunAsync("restore", point, "--to", workplace.PathOf(point))).ExitCode);
            Assert.Equal(File.ReadAllBytes(disk), File.ReadAllBytes(workplace.PathOf(point)));
        }

        // The bad place goes with its pack.
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(workplace.Repo, "bad")));
        string other = workplace.MakeDisk("b.raw", seed: 2);
        await workplace.BackUpAsync(other, "web2");
        Assert.Equal(0, (await workplace.RunAsync("forget", id, second)).ExitCode);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, (await workplace.RunAsync("repo", "gc")).ExitCode);
        }

        Assert.False(File.Exists(pack));
        Assert.Empty(Directory.GetFiles(Path.Combine(workplace.Repo, "bad")));
        clean = await workplace.RunAsync("repo", "verify");
        Assert.True(clean.ExitCode == 0, clean.ToString());
        Assert.DoesNotContain("damaged", clean.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_go_round_and_what_was_read_is_remembered()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        for (int i = 0; i < 4; i++)
        {
            await workplace.BackUpAsync(workplace.MakeDisk($"{i}.raw", seed: i));
        }

        int packs = Directory.GetFiles(Path.Combine(workplace.Repo, "packs"), "*", SearchOption.AllDirectories).Length;
        int read = 0;
        int runs = 0;
        Outcome outcome;
        do
        {
            outcome = await workplace.RunAsync("repo", "verify", "--sample", "34", "--json", "--fast");
            Assert.Equal(0, outcome.ExitCode);
            Assert.Equal("fast", outcome.Json().GetProperty("level").GetString());
            read += outcome.Json().GetProperty("packs").GetInt32();
            runs++;
        }
        while (read < packs && runs < 10);

        Assert.InRange(runs, 2, 6);
        Assert.Equal(0, (await workplace.RunAsync("repo", "verify", "--since-last", "--fast", "--json")).Json().GetProperty("packs").GetInt32());
        Assert.Equal(0, (await workplace.RunAsync("repo", "verify", "--older-than", "1", "--fast", "--json")).Json().GetProperty("packs").GetInt32());

        // A fast look is no full one.
        Assert.Equal(packs, (await workplace.RunAsync("repo", "verify", "--since-last", "--json")).Json().GetProperty("packs").GetInt32());
    }

    [Theory]
    [InlineData("--sample", "0")]
    [InlineData("--sample", "101")]
    [InlineData("--rate", "0")]
    [InlineData("--rate", "-3")]
    [InlineData("--older-than", "-1")]
    [InlineData("--machine", "x", "--sample", "5")]
    [InlineData("--point", "latest", "--resume")]
    public async Task What_cannot_be_is_refused(params string[] options)
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        Outcome outcome = await workplace.RunAsync(["repo", "verify", .. options]);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
    }

    [Fact]
    public async Task Machine_that_has_no_restore_point_is_no_success()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        await workplace.BackUpAsync(workplace.MakeDisk("a.raw", seed: 1));
        Assert.Equal(8, (await workplace.RunAsync("repo", "verify", "--machine", "web2")).ExitCode);
        Assert.Equal(0, (await workplace.RunAsync("repo", "verify", "--machine", "web1")).ExitCode);
    }

    [Fact]
    public async Task Interrupted_verification_says_what_it_did_and_goes_on()
    {
        using Workplace workplace = await Workplace.WithRepositoryAsync();
        for (int i = 0; i < 3; i++)
        {
            await workplace.BackUpAsync(workplace.MakeDisk($"{i}.raw", seed: i));
        }

        // So slow that it cannot end before it is told to.
        using Process verify = workplace.Start("repo", "verify", "--rate", "0.5");
        Task<string> messages = verify.StandardError.ReadToEndAsync();
        string journal = "";
        while (journal.Length == 0 || new FileInfo(journal).Length < 80)
        {
            Assert.False(verify.HasExited);
            await Task.Delay(20);
            journal = Directory.Exists(workplace.PathOf("state"))
                ? Directory.GetFiles(workplace.PathOf("state"), "verified", SearchOption.AllDirectories).FirstOrDefault("")
                : "";
        }

        using (var kill = Process.Start("kill", ["-INT", $"{verify.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await verify.WaitForExitAsync();
        Assert.Equal(130, verify.ExitCode);
        Assert.Contains("add --resume to go on from there", await messages, StringComparison.Ordinal);
        Assert.Equal(2, (await workplace.RunAsync("repo", "verify", "--resume", "--fast")).ExitCode);
        Outcome rest = await workplace.RunAsync("repo", "verify", "--resume");
        Assert.True(rest.ExitCode == 0, rest.ToString());
        Assert.Contains("before the interruption", rest.Out, StringComparison.Ordinal);
    }

    private static string LargestPack(Workplace workplace) =>
        Directory.GetFiles(Path.Combine(workplace.Repo, "packs"), "*", SearchOption.AllDirectories).MaxBy(path => new FileInfo(path).Length)!;

    private static void Flip(string path, int at)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
