namespace VProtect.EndToEnd.Tests;

/// <summary>The pass phrase is nowhere to be seen.</summary>
public sealed class SecretTests
{
    [Fact]
    public void Pass_phrase_is_in_no_argument_output_state_or_repository()
    {
        using var place = new Workplace();
        var disk = new TestDisk(place["disk.raw"], 8 << 20, seed: 40);
        string image = place["disk.qcow2"];
        Tool.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk.Path, image);
        place.Environment["VPROTECT_DEBUG"] = "1";
        using VprotectProcess backup = place.Start("backup", image, "--machine", "vm", "--verbose");
        var seen = new HashSet<string>();
        while (!backup.HasExited)
        {
            seen.UnionWith(CommandLines());
            Thread.Sleep(5);
        }

        Answer[] answers = [backup.Wait().Expect(0), place.Run("list", "--verbose"), place.Run("restore", "none", "--to", place["x"])];
        Assert.Contains(seen, line => line.Contains("qemu-nbd", StringComparison.Ordinal));
        Assert.DoesNotContain(seen, line => line.Contains(place.Passphrase, StringComparison.Ordinal));
        Assert.All(answers, answer => Assert.DoesNotContain(place.Passphrase, answer.Text + answer.Error, StringComparison.Ordinal));
        foreach (string file in new[] { place.Repository, place["state"] }.SelectMany(directory => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)))
        {
            Assert.DoesNotContain(place.Passphrase, System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Wrong_and_missing_pass_phrases_are_refused()
    {
        using var place = new Workplace();
        string right = place.Environment["VPROTECT_PASSPHRASE"];
        place.Environment["VPROTECT_PASSPHRASE"] = "not it";
        Assert.DoesNotContain("not it", place.Run("list").ExpectError(6, "WrongKey"), StringComparison.Ordinal);
        place.Environment.Remove("VPROTECT_PASSPHRASE");
        place.Run("list").ExpectError(6, "KeyRequired");
        place.Environment["VPROTECT_PASSPHRASE"] = right;
        place.Run("list").Expect(0);
        place.Run("restore", "none", "--to", place["x"]).ExpectError(8, "RestorePointNotFound");
        place.Run("list", "--repo", place["nowhere"]).ExpectError(8, "RepositoryNotFound");
    }

    private static List<string> CommandLines()
    {
        var lines = new List<string>();
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[6])))
        {
            try
            {
                lines.Add(File.ReadAllText(Path.Join(process, "cmdline")).Replace('\0', ' '));
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return lines;
    }
}
