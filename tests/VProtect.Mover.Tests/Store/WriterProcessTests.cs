using VProtect.Mover.Store;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Tests.Store;

public sealed class WriterProcessTests
{
    private static readonly LeaseRecord _own = new(
        "lease", null, [], 0, WriterProcess.Host, WriterProcess.Boot, Environment.ProcessId,
        WriterProcess.StartOf(Environment.ProcessId)!, null, WriterProcess.Machine, WriterProcess.Namespace);

    [Fact]
    public void A_process_that_lives_is_not_gone() => Assert.False(WriterProcess.IsCertainlyGone(_own));

    [Fact]
    public void A_process_id_given_to_another_since_is_gone() =>
        Assert.True(WriterProcess.IsCertainlyGone(_own with { Started = "1" }));

    [Fact]
    public void A_process_of_another_container_may_live_though_it_is_not_seen_here() =>
        Assert.False(WriterProcess.IsCertainlyGone(_own with { Started = "1", Namespace = "pid:[1]" }));

    [Fact]
    public void A_machine_of_the_same_name_is_another_machine()
    {
        Assert.False(WriterProcess.IsCertainlyGone(_own with { Boot = "another", Machine = "another" }));
        Assert.False(WriterProcess.IsCertainlyGone(_own with { Boot = "another", Machine = null }));
    }

    [Fact]
    public void An_earlier_boot_of_this_machine_is_gone() =>
        Assert.True(WriterProcess.IsCertainlyGone(_own with { Boot = "another" }));
}
