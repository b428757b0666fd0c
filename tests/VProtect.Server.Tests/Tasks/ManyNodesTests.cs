using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;
using VProtect.Server.Api.Tasks;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Channel;
using VProtect.Server.Tasks.Requests;
using CatalogNode = VProtect.Catalog.Nodes.Node;

namespace VProtect.Server.Tests.Tasks;

/// <summary>Goal: nodes cannot touch each other's work, whatever they say and however often. Method: nodes beside the server's own, each on its channel, played by the test.</summary>
public sealed class ManyNodesTests
{
    [Fact]
    public async Task Only_who_holds_the_lease_reports_and_ends_a_task()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        ScriptedNode other = await EnrolAsync(engine, "other");
        CatalogTask task = await engine.BackUpAsync();
        TaskOrder order = await engine.Node.LeaseAsync();

        Assert.Equal(TaskDirective.Abandon, await other.ReportAsync(order, stage: "stolen"));
        await other.SucceedAsync(order, ScriptedNode.Backup("point-of-nobody"));
        CatalogTask now = await engine.TaskAsync(task.Guid);
        Assert.Equal(TaskState.Running, now.State);
        Assert.NotEqual("stolen", now.Stage);

        Assert.Equal(TaskDirective.Continue, await engine.Node.ReportAsync(order));
        await engine.Node.SucceedAsync(order, ScriptedNode.Backup("point-1"));
        Assert.Equal("point-1", (await engine.PointAsync(await engine.TaskAsync(task.Guid))).RepositoryPointId);

        // Which node it was is told when all is over, of both halves.
        now = await engine.TaskAsync(task.Guid);
        Assert.Equal(engine.Node.Guid, (now.LeaseNodeGuid ?? default).ToString("D"));
        Assert.Equal(now.LeaseNodeGuid, (await engine.TaskAsync(now.LinkedTaskGuid!.Value)).LeaseNodeGuid);
    }

    [Fact]
    public async Task What_a_report_repeats_because_its_answer_was_lost_is_written_down_once()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        TaskOrder order = await engine.Node.LeaseAsync();

        // The answer to the first is lost: the second tells its lines again and one more; so does the outcome.
        await TellAsync(before: 0, "one", "two");
        await TellAsync(before: 0, "one", "two", "three");
        await TellAsync(before: 3, "four");
        await engine.Node.Channel.CompleteAsync(
            new Abstractions.Nodes.TaskOutcome
            {
                TaskGuid = order.TaskGuid,
                Attempt = order.Attempt,
                End = TaskEnd.Succeeded,
                Result = ScriptedNode.Backup("point-1"),
                Lines = Lines("four", "five"),
                LinesBefore = 3,
            },
            default);

        IReadOnlyList<TaskLogLine> log = await engine.ReadAsync(session => session.Tasks.LogAsync(task.Guid, after: 0, 100, default));
        Assert.Equal(["one", "two", "three", "four", "five"], log.Select(line => line.Text).Where(text => !text.Contains(' ', StringComparison.Ordinal)));

        async Task TellAsync(int before, params string[] lines) => await engine.Node.Channel.ReportAsync(
            new TaskReport { TaskGuid = order.TaskGuid, Attempt = order.Attempt, Stage = "read", Lines = Lines(lines), LinesBefore = before }, default);

        List<TaskLine> Lines(params string[] texts) => [.. texts.Select(text => new TaskLine(engine.Time.GetUtcNow(), LineLevel.Information, text))];
    }

    [Fact]
    public async Task Node_of_another_machine_works_only_at_what_is_left_to_its_configuration()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var config = new NodeConfig { Name = "site2" };
        await engine.WriteAsync(transaction => transaction.NodeConfigs.InsertAsync(config, default));
        ScriptedNode other = await EnrolAsync(engine, "other", config.Guid);
        CatalogTask first = await engine.BackUpAsync();
        Assert.Null(await other.TryLeaseAsync());

        // The destination alone is not enough, nor is the platform.
        await engine.WriteAsync(transaction => transaction.Destinations.SetNodeConfigsAsync(engine.Destination.Guid, [config.Guid], default));
        Assert.Null(await other.TryLeaseAsync());
        Assert.Null(await engine.Node.TryLeaseAsync());
        await engine.WriteAsync(async transaction => await transaction.HypervisorManagers.UpdateAsync(
            await transaction.HypervisorManagers.GetAsync(engine.Manager.Guid, default) with { NodeConfigGuid = config.Guid }, default));
        Assert.Null(await engine.Node.TryLeaseAsync());
        Assert.Equal(first.Guid.ToString("D"), (await other.LeaseAsync()).TaskGuid);
    }

    [Fact]
    public async Task Silent_node_is_offline_first_and_keeps_what_cannot_move_until_its_lease_is_over()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        RestorePoint point = await engine.BackedUpAsync("p1");
        CatalogTask task = await engine.WriteAsync(tx => engine.Get<TaskRequests>().RestoreAndImportAsync(tx, new ImportRequest { Point = point.Guid }, TaskOrigin.Appliance, default));
        ScriptedNode node = engine.Node;
        TaskOrder order = await node.LeaseAsync();

        await SilentForAsync(engine, TimeSpan.FromMinutes(90));
        Assert.Equal(NodeState.Offline, await StateAsync(engine, node));
        Assert.Equal(TaskDirective.Continue, await node.ReportAsync(order));
        await engine.BackUpAsync(machine: await OtherMachineAsync(engine));

        // It is back: it goes on, gets new work, and ends what it has.
        Assert.IsType<BackupWork>((await node.LeaseAsync()).Work);
        Assert.Equal(NodeState.Online, await StateAsync(engine, node));
        await node.FailAsync(order);
        Assert.NotEqual(5105, (await engine.TaskAsync(task.Guid)).ErrorCode);
    }

    [Fact]
    public async Task Clock_that_is_set_and_a_server_that_stood_still_give_no_node_up()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;
        await node.LeaseAsync();

        engine.Time.SetBy(TimeSpan.FromDays(3));
        await engine.Get<TaskWatch>().LookAsync(default);
        Assert.Equal(NodeState.Online, await StateAsync(engine, node));

        engine.Time.Advance(TimeSpan.FromHours(3));
        engine.Get<NodeLives>().ListenAnew();
        await engine.Get<TaskWatch>().LookAsync(default);
        Assert.Equal(NodeState.Online, await StateAsync(engine, node));
        Assert.Equal(TaskState.Running, (await engine.TaskAsync(task.Guid)).State);
    }

    [Fact]
    public async Task Backup_of_a_silent_node_moves_when_another_may_do_it_and_waits_when_none_may()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var config = new NodeConfig { Name = "both" };
        await engine.WriteAsync(transaction => transaction.NodeConfigs.InsertAsync(config, default));
        await LeaveToAsync(engine, config.Guid);
        ScriptedNode left = await EnrolAsync(engine, "left", config.Guid);
        CatalogTask task = await engine.BackUpAsync();
        TaskOrder order = await left.LeaseAsync();

        await SilentForAsync(engine, TimeSpan.FromMinutes(2));
        Assert.Equal((TaskState.Running, 1), await AtAsync());

        ScriptedNode right = await EnrolAsync(engine, "right", config.Guid);
        Assert.Null(await right.TryLeaseAsync());
        await engine.Get<TaskWatch>().LookAsync(default);
        TaskOrder again = await right.TakeAsync(task.Guid.ToString("D"));
        Assert.Equal(2, again.Attempt);
        Assert.Equal(TaskDirective.Abandon, await left.ReportAsync(order));

        async Task<(TaskState, int)> AtAsync()
        {
            CatalogTask now = await engine.TaskAsync(task.Guid);
            return (now.State, now.Attempt);
        }
    }

    [Fact]
    public async Task What_is_cancelled_on_a_node_that_is_offline_ends_at_once()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        await engine.Node.LeaseAsync();
        await engine.WriteAsync(transaction => transaction.Tasks.CancelAsync(task.Guid, "Somebody wants it.", default));

        await SilentForAsync(engine, TimeSpan.FromMinutes(2));

        Assert.Equal(TaskState.Cancelled, (await engine.TaskAsync(task.Guid)).State);
    }

    [Fact]
    public async Task Settings_of_a_node_configuration_come_with_orders_and_are_heeded_as_they_are_now()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var config = new NodeConfig { Name = "site2", Settings = """{"runningTasksMax":1,"restorePaths":["/restore"],"backupBytesPerSecondMax":2097152,"mountCacheBytesMax":0,"mountCacheHoldsShares":true,"mountStallSecondsMax":600,"workPath":"/work","staging":"/of/an/earlier/version"}""" };
        await engine.WriteAsync(transaction => transaction.NodeConfigs.InsertAsync(config, default));
        await LeaveToAsync(engine, config.Guid);
        ScriptedNode node = await EnrolAsync(engine, "far", config.Guid);
        await engine.BackUpAsync();
        await engine.BackUpAsync(machine: await OtherMachineAsync(engine));

        NodeSettings settings = (await node.LeaseAsync()).Settings!;
        Assert.Equal((2 << 20, TimeSpan.FromMinutes(115)), (settings.BackupBytesPerSecondMax, settings.SilenceMax));
        Assert.Equal((0, true, "/work", TimeSpan.FromMinutes(10)), (settings.MountCacheBytesMax, settings.MountCacheHoldsShares, settings.WorkPath, settings.MountStallMax));
        Assert.Equal(["/restore"], settings.RestorePaths!);
        Assert.Null(await node.TryLeaseAsync());

        await engine.WriteAsync(transaction => transaction.NodeConfigs.UpdateAsync(config with { Settings = "{}" }, default));
        settings = (await node.LeaseAsync()).Settings!;
        Assert.Null(settings.WorkPath);
        Assert.Null(settings.MountStallMax);
        Assert.Equal((0, null, null, false), (settings.BackupBytesPerSecondMax, settings.RestorePaths, settings.MountCacheBytesMax, settings.MountCacheHoldsShares));
    }

    [Fact]
    public async Task Node_is_given_only_the_kinds_of_work_that_its_configuration_allows()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        var config = new NodeConfig { Name = "site2", Settings = """{"allowedTaskTypes":["VERIFY"]}""" };
        await engine.WriteAsync(transaction => transaction.NodeConfigs.InsertAsync(config, default));
        await LeaveToAsync(engine, config.Guid);
        ScriptedNode node = await EnrolAsync(engine, "far", config.Guid);
        CatalogTask task = await engine.BackUpAsync();

        Assert.Null(await node.TryLeaseAsync());
        Assert.Contains("are given no work of the kind EXPORT", await ReasonAsync(engine, task), StringComparison.Ordinal);

        await engine.WriteAsync(transaction => transaction.NodeConfigs.UpdateAsync(config with { Settings = """{"allowedTaskTypes":["EXPORT"]}""" }, default));
        Assert.Null(await ReasonAsync(engine, task));
        Assert.Equal(task.Guid.ToString("D"), (await node.LeaseAsync()).TaskGuid);
    }

    [Fact]
    public async Task Node_that_lacks_what_a_platform_needs_gets_no_such_work()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        CatalogTask task = await engine.BackUpAsync();
        ScriptedNode node = engine.Node;
        node.Platforms = ["OTHER"];

        Assert.Null(await node.TryLeaseAsync());
        Assert.Contains("can work with FAKE", await ReasonAsync(engine, task), StringComparison.Ordinal);

        // It is installed meanwhile: the next word of the node that is written down tells it.
        node.Platforms = ["FAKE"];
        engine.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(task.Guid.ToString("D"), (await node.LeaseAsync()).TaskGuid);
        Assert.Null(await ReasonAsync(engine, task));
    }

    [Fact]
    public async Task Task_that_no_node_may_do_says_why_and_what_to_do()
    {
        await using TestEngine engine = await TestEngine.StartAsync();
        Assert.Null(await engine.Node.TryLeaseAsync());
        CatalogTask task = await engine.BackUpAsync();
        Assert.Null(await ReasonAsync(engine, task));
        var config = new NodeConfig { Name = "site2" };
        await engine.WriteAsync(transaction => transaction.NodeConfigs.InsertAsync(config, default));

        // Nobody has it, so the platform is still the server's own node's, but the destination is nobody's.
        await LeaveToAsync(engine, config.Guid);
        Assert.Contains("destination 'store' is left to node configuration 'site2', which no node has.", await ReasonAsync(engine, task), StringComparison.Ordinal);

        ScriptedNode far = await EnrolAsync(engine, "far", config.Guid);
        Assert.Null(await far.TryLeaseAsync(slots: 0));
        Assert.Null(await ReasonAsync(engine, task));
        await engine.WriteAsync(transaction => transaction.Destinations.SetNodeConfigsAsync(engine.Destination.Guid, [], default));
        Assert.Contains("at both manager 'manager' (left to node configuration 'site2') and destination 'store' (the server's own node's)", await ReasonAsync(engine, task), StringComparison.Ordinal);

        await SetStateAsync(NodeState.Offline);
        Assert.Contains("none of its nodes is online (far: OFFLINE)", await ReasonAsync(engine, task), StringComparison.Ordinal);

        async Task SetStateAsync(NodeState state) => await engine.WriteAsync(async transaction => await transaction.Nodes.UpdateAsync(
            await transaction.Nodes.GetAsync(Guid.Parse(far.Guid), default) with { State = state }, default));
    }

    private static Task<string?> ReasonAsync(TestEngine engine, CatalogTask task) =>
        engine.ReadAsync(async session => (await TaskViews.OfAsync(session, await session.Tasks.GetAsync(task.Guid, default), default)).WaitsFor);

    private static async Task SilentForAsync(TestEngine engine, TimeSpan time)
    {
        engine.Time.Advance(time);
        await engine.Get<TaskWatch>().LookAsync(default);
    }

    private static Task<NodeState> StateAsync(TestEngine engine, ScriptedNode node) =>
        engine.ReadAsync(async session => (await session.Nodes.GetAsync(Guid.Parse(node.Guid), default)).State);

    private static async Task<Machine> OtherMachineAsync(TestEngine engine)
    {
        Machine machine = engine.NewMachine("other");
        await engine.WriteAsync(transaction => transaction.Machines.InsertAsync(machine, default));
        return machine;
    }

    private static Task LeaveToAsync(TestEngine engine, Guid config) => engine.WriteAsync(async transaction =>
    {
        await transaction.Destinations.SetNodeConfigsAsync(engine.Destination.Guid, [config], default);
        await transaction.HypervisorManagers.UpdateAsync(
            await transaction.HypervisorManagers.GetAsync(engine.Manager.Guid, default) with { NodeConfigGuid = config }, default);
    });

    private static async Task<ScriptedNode> EnrolAsync(TestEngine engine, string name, Guid? config = null)
    {
        var node = new CatalogNode { Name = name, State = NodeState.Online, EnrolledAt = engine.Time.GetUtcNow(), NodeConfigGuid = config };
        await engine.WriteAsync(transaction => transaction.Nodes.InsertAsync(node, default));
        return new ScriptedNode(engine.App.Services, node.Guid);
    }
}
