using VProtect.Abstractions.Nodes;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;
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

    private static async Task<ScriptedNode> EnrolAsync(TestEngine engine, string name, Guid? config = null)
    {
        var node = new CatalogNode { Name = name, State = NodeState.Online, EnrolledAt = engine.Time.GetUtcNow(), NodeConfigGuid = config };
        await engine.WriteAsync(transaction => transaction.Nodes.InsertAsync(node, default));
        return new ScriptedNode(engine.App.Services, node.Guid);
    }
}
