using VProtect.Abstractions;
using VProtect.Node.Execution;

namespace VProtect.Node.Tests.Execution;

public sealed class RestoreDirectoryTests
{
    [Fact]
    public void What_was_made_for_a_restore_that_fails_goes_again_and_nothing_else()
    {
        using var place = new TemporaryDirectory();
        Directory.CreateDirectory(place["there"]);
        File.WriteAllText(place["there/mine"], "mine");
        using (RestoreDirectory directory = RestoreDirectory.Open(place["there"], [], []))
        {
            Finish(directory, directory.NewFile("disk-0", ".raw"));
        }

        using (RestoreDirectory directory = RestoreDirectory.Open(place["new/deep"], [], []))
        {
            Finish(directory, directory.NewFile("disk-0", ".raw"));
        }

        Assert.Equal(["mine"], Directory.EnumerateFileSystemEntries(place["there"]).Select(entry => Path.GetFileName(entry)));
        Assert.False(Directory.Exists(place["new"]));
    }

    [Fact]
    public void What_is_complete_stays()
    {
        using var place = new TemporaryDirectory();
        using (RestoreDirectory directory = RestoreDirectory.Open(place["new"], [], []))
        {
            Finish(directory, directory.NewFile("disk-0", ".raw"));
            directory.Complete();
        }

        Assert.True(File.Exists(place["new/disk-0.raw"]));
    }

    [Theory]
    [InlineData("../../etc/passwd", "_._.._etc_passwd.raw")]
    [InlineData("/dev/sda", "_dev_sda.raw")]
    [InlineData(".hidden", "_hidden.raw")]
    [InlineData("", "_.raw")]
    [InlineData("disk 0:1\n", "disk_0_1_.raw")]
    public void Names_of_disks_become_names_of_files(string disk, string file)
    {
        using var place = new TemporaryDirectory();
        using RestoreDirectory directory = RestoreDirectory.Open(place.Path, [], []);

        Assert.Equal(place[file], directory.NewFile(disk, ".raw"));
    }

    [Fact]
    public void Links_in_a_circle_are_refused()
    {
        using var place = new TemporaryDirectory();
        Directory.CreateSymbolicLink(place["a"], place["b"]);
        Directory.CreateSymbolicLink(place["b"], place["a"]);

        VProtectException refused = Assert.Throws<VProtectException>(() => RestoreDirectory.Open(place["a/x"], [], []));

        Assert.Equal(ErrorCode.RestorePlaceRefused, refused.Code);
    }

    private static void Finish(RestoreDirectory directory, string file)
    {
        File.WriteAllText(file, "disk");
        directory.Finish(file);
    }
}
