using VProtect.Abstractions.Nodes;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

/// <summary>Cleaning up takes what killed tasks left, and never what is in use: the server's list of running tasks may be older than the work.</summary>
public sealed class CleanUpTests
{
    [Fact]
    public async Task What_a_backup_at_work_uses_is_spared_though_the_server_did_not_name_it()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string backup = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, CancellationToken.None);
        TaskOutcome cleaned = await node.DoAsync(new CleanUpWork(node.Platform, []));
        Assert.Equal(TaskEnd.Succeeded, cleaned.End);
        Assert.NotEmpty(node.Datacenter.Leftovers());
        node.Datacenter.LiftAll();
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(backup)).End);
        Assert.Equal(1, node.Datacenter.CheckpointCount(machine.Uuid));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_backup_that_comes_during_a_clean_up_waits_for_its_end()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.CleanUp, FaultKind.Pause));
        string clean = node.Channel.Give(new CleanUpWork(node.Platform, []));
        await node.Datacenter.WaitForHitAsync(pause, CancellationToken.None);
        string backup = node.Channel.Give(node.BackupOf(machine));
        await node.Channel.WaitForStageAsync(backup, "waiting until the platform is cleaned up");
        Assert.Empty(node.Datacenter.Leftovers());
        node.Datacenter.LiftAll();
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(clean)).End);
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(backup)).End);
        Assert.Equal(1, node.Datacenter.CheckpointCount(machine.Uuid));
        await node.NothingIsLeftAsync();
    }
}
