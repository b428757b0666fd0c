using System.Text;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Store;
using VProtect.Node.Rebuild;

namespace VProtect.Node.Tests.Rebuild;

/// <summary>Names and document of an appliance's copies are a format: mover/FORMAT.md, section 2.4.</summary>
public sealed class ApplianceCopyTests
{
    private static readonly Guid Whose = Guid.Parse("0193e7a0-0000-7000-8000-000000000001");

    [Fact]
    public void Document_is_as_the_format_has_it() => Assert.Equal(
        """{"version":1,"appliance":"0193e7a0-0000-7000-8000-000000000001","life":3,"name":"vp1","software":"1.0"}""",
        Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(new CopyRecord(1, Whose, 3, "vp1", "1.0"), CopyJson.Default.CopyRecord)));

    [Fact]
    public void History_and_label_tell_whose_copy_it_is_and_of_which_life()
    {
        Assert.Equal("@appliance-0193e7a0-0000-7000-8000-000000000001", ApplianceCopy.HistoryOf(Whose));
        Assert.Equal(Whose, ApplianceCopy.ApplianceOf(ApplianceCopy.HistoryOf(Whose)));
        string label = ApplianceCopy.LabelOf(new ApplianceIdentity(Whose, 3, "one of two"));
        Assert.Equal("life 3 of one of two", label);
        Assert.Equal((3, null, "one of two"), (ApplianceCopy.LifeOf(label), ApplianceCopy.MarkOf(label), ApplianceCopy.NameOf(label)));
        label = ApplianceCopy.LabelOf(new ApplianceIdentity(Whose, 4, "two", "0123456789abcdef"));
        Assert.Equal("life 4 0123456789abcdef of two", label);
        Assert.Equal((4, "0123456789abcdef", "two"), (ApplianceCopy.LifeOf(label), ApplianceCopy.MarkOf(label), ApplianceCopy.NameOf(label)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("life")]
    [InlineData("life -1 of x")]
    [InlineData("life 99999999999999999999 of x")]
    [InlineData("lives 3 of x")]
    public void Other_labels_tell_no_life(string? label)
    {
        Assert.Equal(0, ApplianceCopy.LifeOf(label));
        Assert.Null(ApplianceCopy.NameOf(label));
    }

    [Fact]
    public void Of_two_that_began_the_same_life_the_one_whose_copy_is_the_first_is_the_appliance()
    {
        var one = new ApplianceIdentity(Whose, 2, "one", "00000000000000aa");
        var two = new ApplianceIdentity(Whose, 2, "two", "00000000000000bb");
        RestorePoint before = CopyOf(new ApplianceIdentity(Whose, 1, "one"), 1);
        ApplianceCopies.RequireNewest([before], one);
        ApplianceCopies.RequireNewest([before], two);

        // Both looked, then both left one: they come to the same, whichever way the list is sorted, also when both took the same number.
        RestorePoint[] copies = [before, CopyOf(one, 3), CopyOf(two, 2)];
        RestorePoint[] same = [before, CopyOf(one, 2, "bb"), CopyOf(two, 2, "aa"), CopyOf(one, 3)];
        foreach (RestorePoint[] order in (RestorePoint[][])[copies, [.. copies.Reverse()], same, [.. same.Reverse()]])
        {
            ApplianceCopies.RequireNewest(order, two);
            Assert.Equal(ErrorCode.ApplianceSuperseded, Assert.Throws<VProtectException>(() => ApplianceCopies.RequireNewest(order, one)).Code);
            Assert.Throws<VProtectException>(() => ApplianceCopies.RequireNewest(order, new ApplianceIdentity(Whose, 1, "one")));
            ApplianceCopies.RequireNewest(order, new ApplianceIdentity(Whose, 3, "three", "00000000000000cc"));
        }
    }

    [Theory]
    [InlineData("web1")]
    [InlineData("@appliance-web1")]
    [InlineData("@0193e7a0-0000-7000-8000-000000000001")]
    public void Other_histories_are_no_appliances(string history) => Assert.Null(ApplianceCopy.ApplianceOf(history));

    private static RestorePoint CopyOf(ApplianceIdentity identity, long sequence, string id = "00") => new()
    {
        Id = id,
        Machine = ApplianceCopy.HistoryOf(identity.Guid),
        Sequence = sequence,
        Parent = null,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Duration = TimeSpan.Zero,
        Label = ApplianceCopy.LabelOf(identity),
        Disks = [],
    };
}
