using VProtect.Mover.Posix;

namespace VProtect.Mover.Tests.Posix;

public sealed class AtomicRenameTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Takes_a_free_name_and_leaves_a_taken_one(bool byLink)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["a"], "a");
        File.WriteAllText(directory["b"], "b");
        Func<string, string, bool> move = byLink ? AtomicRename.TryMoveByLink : AtomicRename.TryMove;

        Assert.True(move(directory["a"], directory["target"]));
        Assert.False(move(directory["b"], directory["target"]));

        Assert.Equal("a", File.ReadAllText(directory["target"]));
        Assert.Equal(["b", "target"], Directory.GetFiles(directory.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Link_that_succeeded_though_its_answer_was_lost_counts_as_success()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["a"], "a");
        Assert.Equal(0, Libc.Link(directory["a"], directory["target"]));
        Assert.True(AtomicRename.TryMoveByLink(directory["a"], directory["target"]));
        Assert.False(File.Exists(directory["a"]));
    }
}
