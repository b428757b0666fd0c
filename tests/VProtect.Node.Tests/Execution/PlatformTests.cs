using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class PlatformTests
{
    [Fact]
    public async Task A_platform_is_checked()
    {
        await using TestNode node = await TestNode.StartAsync();

        CheckPlatformResult good = await node.SucceedAsync<CheckPlatformResult>(new CheckPlatformWork(node.Platform));
        CheckPlatformResult bad = await node.SucceedAsync<CheckPlatformResult>(new CheckPlatformWork(node.Platform with { Secret = "wrong" }));

        Assert.True(good.IsUsable);
        Assert.False(bad.IsUsable);
        Assert.NotEmpty(bad.Findings);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task The_inventory_is_told_whole()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = node.Datacenter.AddMachine("web1", 1 << 20, 2 << 20);

        InventoryResult inventory = await node.SucceedAsync<InventoryResult>(new InventoryWork(node.Platform));

        FoundMachine found = Assert.Single(inventory.Machines);
        Assert.Equal((machine.Uuid, "web1", "Running"), (found.Uuid, found.Name, found.Power));
        Assert.Equal([1 << 20, 2 << 20], found.Disks.Select(disk => disk.SizeBytes));
        Assert.Equal(["fast", "large"], inventory.Storages.Select(storage => storage.Id));
        Assert.NotEmpty(inventory.Hosts);
    }

    [Fact]
    public async Task A_platform_without_connector_is_refused_with_those_there_are()
    {
        await using TestNode node = await TestNode.StartAsync();

        TaskFault fault = await node.FailAsync(new InventoryWork(node.Platform with { Platform = "OTHER" }));

        Assert.Equal(ErrorCode.PlatformNotServed, fault.Code);
        Assert.Contains(FakePlatform.Name, fault.Guidance, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_platform_says_of_a_failure_reaches_the_server()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Datacenter.Order(new Fault(FakeStep.Inventory, FaultKind.Unreachable));

        TaskFault fault = await node.FailAsync(new InventoryWork(node.Platform));

        Assert.Equal((ErrorCode.PlatformUnavailable, ErrorSide.Platform, RetryAdvice.Later), (fault.Code, fault.Side, fault.Retry));
        await node.NothingIsLeftAsync();
    }
}
