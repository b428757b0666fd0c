using VProtect.Connectors.Kvm.Hosts;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

public sealed class PrivateDirectoryTests
{
    [Fact]
    public void What_a_killed_process_left_is_removed_by_the_next_and_what_lives_stays()
    {
        using var living = new PrivateDirectory();
        File.WriteAllText(Path.Join(living.FullName, "key"), "secret");
        string killed = Directory.CreateTempSubdirectory("vprotect-host-").FullName;
        File.WriteAllText(Path.Join(killed, "key"), "secret");
        // Last: from now on it goes with any connector that another test opens.
        File.WriteAllText(Path.Join(killed, "lock"), "");
        string beingMade = Directory.CreateTempSubdirectory("vprotect-host-").FullName;

        // Not always the first: a process that another test starts holds our files, and their locks, until it has become its program.
        do
        {
            using var next = new PrivateDirectory();
            Assert.True(Directory.Exists(next.FullName));
        }
        while (Directory.Exists(killed));

        Assert.True(File.Exists(Path.Join(living.FullName, "key")));
        Assert.True(Directory.Exists(beingMade));
        Directory.Delete(beingMade);
        Assert.Equal("700", Tool.Run("stat", "-c", "%a", living.FullName).Trim());
    }
}
