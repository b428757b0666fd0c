using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class CommandHookTests
{
    [Fact]
    public async Task Commands_run_around_the_snapshot_with_their_environment_and_nothing_of_ours()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        Environment.SetEnvironmentVariable("VPROTECT_TEST_OF_ENVIRONMENT", "ours");
        BackupWork work = node.BackupOf(machine) with
        {
            Before = Hook($"env > {node["environment"]}; ls {node.Datacenter.Path}/machines/{machine.Uuid}; echo began"),
            After = Hook($"ls {node.Datacenter.Path}/machines/{machine.Uuid}/accesses"),
        };

        TaskOutcome outcome = await node.DoAsync(work);

        Assert.True(outcome.End == TaskEnd.Succeeded, $"{outcome.Fault}");
        string[] environment = File.ReadAllLines(node["environment"]);
        Assert.Contains("VP_VM_NAME=web1", environment);
        Assert.DoesNotContain(environment, line => line.StartsWith("VPROTECT", StringComparison.Ordinal) || line.StartsWith("DOTNET", StringComparison.Ordinal));
        List<string> lines = LinesOf(node, outcome);
        Assert.Contains("command: began", lines);
        Assert.Contains($"command: {TaskMark.Of(outcome.TaskGuid)}", lines);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_command_before_that_fails_fails_the_backup_before_any_snapshot_and_the_one_after_runs()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string connected = node.Datacenter.Order(new Fault(FakeStep.Connect, FaultKind.Delay));

        TaskFault fault = await node.FailAsync(node.BackupOf(machine) with { Before = Hook("exit 3"), After = Hook($"touch {node["after"]}") });

        Assert.Equal(ErrorCode.HookFailed, fault.Code);
        Assert.Contains("exit code 3", fault.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(node["after"]));
        Assert.Equal(0, node.Datacenter.HitsOf(connected));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_command_after_that_fails_is_a_warning()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();

        BackupResult result = await node.SucceedAsync<BackupResult>(node.BackupOf(machine) with { After = Hook("exit 3") });

        Assert.Contains("exit code 3", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_after_runs_when_the_snapshot_fails()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        node.Datacenter.Order(new Fault(FakeStep.BackupCopy, FaultKind.Fail));

        TaskFault fault = await node.FailAsync(node.BackupOf(machine) with { After = Hook($"touch {node["after"]}") });

        Assert.Equal(ErrorSide.Platform, fault.Side);
        Assert.True(File.Exists(node["after"]));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Exit_codes_and_standard_error_mean_what_the_policy_says()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();

        BackupResult ignored = await node.SucceedAsync<BackupResult>(node.BackupOf(machine) with { Before = Hook("exit 3") with { IgnoredExitCodes = [3] } });
        BackupResult silent = await node.SucceedAsync<BackupResult>(
            node.BackupOf(machine) with { Before = Hook("echo careful >&2") with { StandardError = "IGNORE_WITHOUT_WARNING" } });
        TaskOutcome warned = await node.DoAsync(node.BackupOf(machine) with { Before = Hook("echo careful >&2") with { StandardError = "IGNORE_WITH_WARNING" } });
        TaskFault failed = await node.FailAsync(node.BackupOf(machine) with { Before = Hook("echo careful >&2") });

        Assert.Empty(ignored.Warnings);
        Assert.Empty(silent.Warnings);
        Assert.Contains(
            node.Channel.Reports.SelectMany(report => report.Lines).Concat(warned.Lines), line => line.Level == LineLevel.Warning && line.Text.Contains("careful", StringComparison.Ordinal));
        Assert.Contains("careful", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_does_not_end_is_killed_with_its_children()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();

        TaskFault fault = await node.FailAsync(
            node.BackupOf(machine) with { Before = Hook($"tail -f {node.Datacenter.Path}/datacenter.json | cat") with { Timeout = TimeSpan.FromSeconds(0.5) } });

        Assert.Equal(ErrorCode.HookTimedOut, fault.Code);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_command_is_killed_when_its_backup_is_cancelled()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string task = node.Channel.Give(
            node.BackupOf(machine) with { Before = Hook($"touch {node["began"]}; tail -f {node.Datacenter.Path}/datacenter.json"), After = Hook($"touch {node["after"]}") });
        while (!File.Exists(node["began"]))
        {
            await Task.Delay(5);
        }

        node.Channel.Stop(task, TaskDirective.Cancel);

        Assert.Equal(TaskEnd.Cancelled, (await node.Channel.WaitAsync(task)).End);
        Assert.True(File.Exists(node["after"]));
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Of_much_output_the_beginning_is_kept_and_no_secret()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();

        TaskOutcome outcome = await node.DoAsync(node.BackupOf(machine) with { Before = Hook($"echo {TestNode.PlatformSecret}; seq 200000") });

        List<string> lines = LinesOf(node, outcome);
        Assert.Equal("command: ***", lines.First(line => line.StartsWith("command", StringComparison.Ordinal)));
        Assert.InRange(lines.Count(line => line.StartsWith("command", StringComparison.Ordinal)), 90, 110);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Commands_run_in_the_machine_when_so_told()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        node.Datacenter.Change(machine.Uuid, before => before with
        {
            Guest = new FakeGuest { Commands = new Dictionary<string, GuestCommandResult> { ["freeze-db"] = new(0, "frozen\n", ""), ["thaw-db"] = new(7, "", "") } },
        });

        TaskOutcome outcome = await node.DoAsync(node.BackupOf(machine) with
        {
            Before = new CommandHook(["freeze-db", "--now"], InGuest: true, TimeSpan.FromSeconds(30), [], "DONT_IGNORE"),
            After = new CommandHook(["thaw-db"], InGuest: true, TimeSpan.FromSeconds(30), [7], "DONT_IGNORE"),
        });

        Assert.Empty(Assert.IsType<BackupResult>(outcome.Result).Warnings);
        Assert.Contains("command: frozen", LinesOf(node, outcome));
        string[] commands = [.. node.Datacenter.GuestLog(machine.Uuid)];
        Assert.Equal(2, commands.Length);
        Assert.Contains("VP_VM_NAME", commands[0], StringComparison.Ordinal);
        Assert.NotNull(JsonDocument.Parse(commands[1]));
    }

    private static CommandHook Hook(string script) => new(["sh", "-c", script], InGuest: false, TimeSpan.FromSeconds(60), [], "DONT_IGNORE");

    private static List<string> LinesOf(TestNode node, TaskOutcome outcome) =>
    [
        .. node.Channel.Reports.Where(report => report.TaskGuid == outcome.TaskGuid).SelectMany(report => report.Lines).Concat(outcome.Lines).Select(line => line.Text),
    ];
}
