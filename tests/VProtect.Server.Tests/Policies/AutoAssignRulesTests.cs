using VProtect.Catalog.Policies;
using VProtect.Server.Policies;
using static VProtect.Server.Tests.Policies.PolicyConfigs;

namespace VProtect.Server.Tests.Policies;

public sealed class AutoAssignRulesTests
{
    private static readonly Guid Cluster = Guid.CreateVersion7();

    [Theory]
    [InlineData("i:prod", "web-1", "prod", true)]
    [InlineData("i:prod", "web-1", "PROD", false)]
    [InlineData("i:prod i:uat", "web-1", "uat", true)]
    [InlineData("i:prod r:db-.*", "db-1", "", true)]
    [InlineData("i:prod x:no", "web-1", "prod no", false)]
    [InlineData("r:.* X:test", "latest-db", "", true)]
    [InlineData("r:.* X:test", "test", "", false)]
    [InlineData("r:.* x:no", "web-1", "no", false)]
    [InlineData("r:vm-[0-9][0-9][0-9]", "vm-1234", "", false)]
    [InlineData("r:a|b", "ab", "", false)]
    [InlineData("x:no", "web-1", "", false)]
    [InlineData("", "web-1", "prod", false)]
    public void Exclusions_win_and_inclusions_are_joined_by_or(string lists, string name, string tags, bool belongs) =>
        Assert.Equal(belongs, Policy(lists).Match(new MachineFacts { Guid = Guid.CreateVersion7(), Name = name, Tags = Words(tags) }));

    [Theory]
    [InlineData("", true, true)]
    [InlineData("", false, false)]
    [InlineData("i:prod", true, false)]
    [InlineData("r:web.*", true, true)]
    [InlineData("r:web.*", false, false)]
    [InlineData("X:web.*", true, false)]
    public void Clusters_narrow_the_choice_and_are_one_on_their_own(string lists, bool inCluster, bool belongs)
    {
        var machine = new MachineFacts { Guid = Guid.CreateVersion7(), Name = "web-1", ClusterGuid = inCluster ? Cluster : Guid.CreateVersion7() };

        Assert.Equal(belongs, Policy(lists, Cluster).Match(machine));
    }

    [Fact]
    public void A_hostile_expression_takes_no_longer_than_others() =>
        Assert.False(new NamePattern("(a+)+b").Matches(new string('a', 100_000)));

    private static PolicyModel Policy(string lists, params Guid[] clusters) => (Backup().Auto(
        AutoAssignMode.AssignOnly,
        [
            .. Words(lists).Select(word => (
                word[0] switch
                {
                    'i' => PolicyMatchKind.IncludeTag,
                    'x' => PolicyMatchKind.ExcludeTag,
                    'r' => PolicyMatchKind.IncludeRegExp,
                    _ => PolicyMatchKind.ExcludeRegExp,
                },
                word[2..])),
        ]) with
    { Clusters = clusters }).Valid();

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
