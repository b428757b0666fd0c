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
        File.WriteAllText(Path.Join(killed, "lock"), "");
        File.WriteAllText(Path.Join(killed, "key"), "secret");
        string beingMade = Directory.CreateTempSubdirectory("vprotect-host-").FullName;

        using (var next = new PrivateDirectory())
        {
            Assert.True(Directory.Exists(next.FullName));
        }

        Assert.True(File.Exists(Path.Join(living.FullName, "key")));
        Assert.False(Directory.Exists(killed));
        Assert.True(Directory.Exists(beingMade));
        Directory.Delete(beingMade);
        Assert.Equal("700", Tool.Run("stat", "-c", "%a", living.FullName).Trim());
    }
}
