using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Channel;

/// <summary>Whatever becomes of an order or of the line to the server: one outcome, and nothing left behind.</summary>
public sealed class OrderTests
{
    [Theory]
    [InlineData(FakeStep.Connect)]
    [InlineData(FakeStep.BackupFreeze)]
    [InlineData(FakeStep.BackupCopy)]
    [InlineData(FakeStep.BackupOpened)]
    [InlineData(FakeStep.Read)]
    public async Task A_backup_cancelled_at_any_step_leaves_nothing(string step)
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(step, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, default);

        node.Channel.Stop(task, TaskDirective.Cancel);
        TaskOutcome outcome = await node.Channel.WaitAsync(task);

        Assert.Equal((TaskEnd.Cancelled, null, null), (outcome.End, outcome.Result, outcome.Fault));
        node.Datacenter.LiftAll();
        BackupResult next = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        Assert.Equal("full", next.Disks[0].Mode);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_cancellation_that_comes_with_the_answer_to_a_report_counts_too()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, default);

        node.Channel.Stop(task, TaskDirective.Cancel, atOnce: false);

        Assert.Equal(TaskEnd.Cancelled, (await node.Channel.WaitAsync(task)).End);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_backup_that_is_committed_is_done_whatever_is_cancelled_then()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.BackupCommitted, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, default);

        node.Channel.Stop(task, TaskDirective.Cancel);
        node.Datacenter.Lift(pause);

        Assert.IsType<BackupResult>((await node.Channel.WaitAsync(task)).Result);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task What_is_abandoned_is_cleaned_up_and_never_completed()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, default);

        await node.Channel.StopObeyedAsync(task, TaskDirective.Abandon);
        node.Datacenter.LiftAll();
        await node.SucceedAsync<BackupResult>(node.BackupOf(await node.AddMachineAsync("web2")));

        await node.NothingIsLeftAsync();
        Assert.DoesNotContain(node.Channel.Outcomes, outcome => outcome.TaskGuid == task);
    }

    [Fact]
    public async Task A_node_that_stops_cleans_up_and_says_why()
    {
        await using TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { StopTimeMax = TimeSpan.FromSeconds(30) });
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, default);

        await node.NothingIsLeftAsync();

        TaskOutcome outcome = await node.Channel.WaitAsync(task);
        Assert.Equal((ErrorCode.NodeStopped, RetryAdvice.Now), (outcome.Fault!.Code, outcome.Fault.Retry));
    }

    [Fact]
    public async Task A_backup_goes_on_while_the_line_is_cut_and_is_told_when_it_is_back()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Datacenter.WaitForHitAsync(pause, default);

        node.Channel.IsCut = true;
        node.Datacenter.LiftAll();
        await UntilAsync(() => Directory.EnumerateFiles(node["state/outcomes"], "*.json").Any());
        node.Channel.IsCut = false;

        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(task)).End);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_outcome_that_nobody_heard_is_told_by_the_next_process()
    {
        await using TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { StopTimeMax = TimeSpan.FromSeconds(0.3) });
        node.Datacenter.AddMachine("web1", 1 << 20);
        string pause = node.Datacenter.Order(new Fault(FakeStep.Inventory, FaultKind.Pause));
        string task = node.Channel.Give(new InventoryWork(node.Platform));
        await node.Datacenter.WaitForHitAsync(pause, default);
        node.Channel.IsCut = true;
        node.Datacenter.LiftAll();
        await UntilAsync(() => Directory.EnumerateFiles(node["state/outcomes"], "*.json").Any());
        await node.StopAsync();
        Assert.DoesNotContain(TestNode.PlatformSecret, File.ReadAllText(Directory.EnumerateFiles(node["state/outcomes"]).Single()), StringComparison.Ordinal);

        node.StartAgain();
        TaskOutcome outcome = await node.Channel.WaitAsync(task);

        Assert.Equal("web1", Assert.Single(Assert.IsType<InventoryResult>(outcome.Result).Machines).Name);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_outcome_that_the_server_refuses_for_good_is_given_up()
    {
        await using TestNode node = await TestNode.StartAsync();
        int asked = 0;
        node.Channel.OnComplete = outcome =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                throw new VProtectException(ErrorCode.TaskLeaseLost, ErrorSide.Catalog, "It is another's.", "Nothing to do.");
            }
        };
        string refused = node.Channel.Give(new CheckPlatformWork(node.Platform));
        await UntilAsync(() => asked == 1);

        await node.SucceedAsync<CheckPlatformResult>(new CheckPlatformWork(node.Platform));
        await UntilAsync(() => asked == 2);

        Assert.DoesNotContain(node.Channel.Outcomes, outcome => outcome.TaskGuid == refused);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_order_given_twice_is_done_once()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.Inventory, FaultKind.Pause));
        string task = node.Channel.Give(new InventoryWork(node.Platform));
        await node.Datacenter.WaitForHitAsync(pause, default);

        node.Channel.Give(task, 1, new InventoryWork(node.Platform));
        await node.SucceedAsync<CheckPlatformResult>(new CheckPlatformWork(node.Platform));
        node.Datacenter.LiftAll();
        await node.Channel.WaitAsync(task);

        await node.NothingIsLeftAsync();
        Assert.Single(node.Channel.Outcomes, outcome => outcome.TaskGuid == task);
    }

    [Fact]
    public async Task With_all_slots_taken_errands_are_done_and_a_backup_too_many_waits()
    {
        await using TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { SlotsMax = 1 });
        FakeMachine first = await node.AddMachineAsync();
        FakeMachine second = await node.AddMachineAsync("web2");
        string pause = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause) { MachineUuid = first.Uuid });
        string running = node.Channel.Give(node.BackupOf(first));
        await node.Datacenter.WaitForHitAsync(pause, default);

        string waiting = node.Channel.Give(node.BackupOf(second));
        await node.Channel.WaitForStageAsync(waiting, "waiting for a free slot");
        await node.SucceedAsync<CheckPlatformResult>(new CheckPlatformWork(node.Platform));

        Assert.Contains(node.Channel.Statuses, status => status.SlotsFree == 0 && status.Running.Contains(running));
        node.Datacenter.LiftAll();
        await node.Channel.WaitAsync(running);
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(waiting)).End);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task What_nobody_foresaw_is_told_by_its_kind_and_logged_without_secrets()
    {
        await using TestNode node = await TestNode.StartAsync(node => node.Factories = [new BrokenPlatform()]);

        TaskFault fault = await node.FailAsync(new CheckPlatformWork(node.Platform with { Platform = "BROKEN" }));

        Assert.Equal(ErrorCode.Unknown, fault.Code);
        Assert.Contains(nameof(InvalidOperationException), fault.Message, StringComparison.Ordinal);
        Assert.Contains("***", node.Log, StringComparison.Ordinal);
        Assert.Contains($"at {typeof(BrokenPlatform).FullName!.Replace('+', '.')}", node.Log, StringComparison.Ordinal);
        await node.NothingIsLeftAsync();
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!isSo())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private sealed class BrokenPlatform : IConnectorFactory
    {
        public string Platform => "BROKEN";

        public string? Missing => null;

        public IConnector Open(ConnectorEndpoint endpoint) => throw new InvalidOperationException($"{endpoint.Login}:{endpoint.Secret} is not understood");
    }
}
