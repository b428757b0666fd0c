using VProtect.Mover.Qemu;

namespace VProtect.Mover.Tests.Qemu;

public sealed class SocketDirectoryTests
{
    [Fact]
    public void Leftover_is_removed_by_the_next_one_and_one_in_use_is_not()
    {
        string leftover = Directory.CreateTempSubdirectory("vprotect-nbd-").FullName;
        File.WriteAllText(Path.Join(leftover, "s"), string.Empty);
        using SocketDirectory first = SocketDirectory.Create(userId: null);
        File.WriteAllText(first.SocketPath, string.Empty);

        using SocketDirectory second = SocketDirectory.Create(userId: 61999);

        Assert.False(Directory.Exists(leftover));
        Assert.True(File.Exists(first.SocketPath));
        string directory = Path.GetDirectoryName(second.SocketPath)!;
        Assert.Equal("700 61999\n", Tool.Run("stat", "-c", "%a %u", directory));
        second.Dispose();
        Assert.False(Directory.Exists(directory));
    }
}
