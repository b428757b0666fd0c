using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class BackupTests
{
    [Fact]
    public async Task The_second_backup_reads_what_changed_since_the_first()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync(disks: 2);

        BackupResult first = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        await node.Datacenter.WriteAsync(machine.Uuid, "disk-0", 65536, new byte[] { 1, 2, 3 });
        BackupResult second = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        Assert.Equal(["full", "full"], first.Disks.Select(disk => disk.Mode));
        Assert.Equal(["disk-0", "disk-1"], first.Disks.Select(disk => disk.Id));
        Assert.Equal(["web1 disk 0", "web1 disk 1"], first.Disks.Select(disk => disk.Name));
        Assert.Equal(["delta", "delta"], second.Disks.Select(disk => disk.Mode));
        Assert.Equal([65536, 0], second.Disks.Select(disk => disk.ChangedBytes));
        Assert.Empty(second.Warnings);
        RepositoryResult repository = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        Assert.Equal([first.PointId, second.PointId], repository.Points.Select(point => point.PointId));
        Assert.All(repository.Points, point => Assert.Equal(["disk-0", "disk-1"], point.Disks.Select(disk => disk.Id)));
        Assert.Equal(4 * (3 << 20), repository.LogicalBytes);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_full_backup_reads_everything_and_stores_only_differences()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        BackupResult full = await node.SucceedAsync<BackupResult>(node.BackupOf(machine) with { IsFull = true });
        BackupResult next = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        Assert.Equal(("compare", 0L), (full.Disks[0].Mode, full.Disks[0].StoredBytes));
        Assert.NotEqual(0, full.Disks[0].ReadBytes);
        Assert.Equal("delta", next.Disks[0].Mode);
    }

    [Fact]
    public async Task Excluded_disks_are_left_out()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync(disks: 2);

        BackupResult result = await node.SucceedAsync<BackupResult>(node.BackupOf(machine) with { ExcludedDisks = ["disk-0"] });

        Assert.Equal(["disk-1"], result.Disks.Select(disk => disk.Id));
    }

    [Fact]
    public async Task Stages_and_bytes_are_reported()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string fault = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause) { Passes = 1 });
        string task = node.Channel.Give(node.BackupOf(machine));

        await node.Channel.WaitForStageAsync(task, "copying");
        node.Datacenter.Lift(fault);
        await node.Channel.WaitAsync(task);

        TaskReport copying = node.Channel.Reports.Last(report => report.TaskGuid == task && report.Stage == "copying");
        Assert.Equal(3 << 20, copying.TotalBytes);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_read_fails_the_backup_and_is_named()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync(disks: 2);
        node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Fail));

        TaskFault fault = await node.FailAsync(node.BackupOf(machine));

        Assert.StartsWith("Disk 'disk-0'", fault.Message, StringComparison.Ordinal);
        node.Datacenter.LiftAll();
        BackupResult next = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        Assert.Equal("full", next.Disks[0].Mode);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task When_the_platform_cannot_note_the_commit_the_backup_counts_and_the_next_compares()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string fault = node.Datacenter.Order(new Fault(FakeStep.BackupCommitted, FaultKind.Fail));

        BackupResult first = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));
        node.Datacenter.Lift(fault);
        BackupResult second = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        Assert.Contains("could not note", Assert.Single(first.Warnings), StringComparison.Ordinal);
        Assert.Equal("compare", second.Disks[0].Mode);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_platform_without_changed_blocks_is_read_through_its_files()
    {
        await using TestNode node = await TestNode.StartAsync(
            node => node.Platform = node.Platform with { Settings = new Dictionary<string, string> { ["endpoint"] = "file" } });
        FakeMachine machine = await node.AddMachineAsync();
        await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        BackupResult second = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        Assert.Equal("compare", second.Disks[0].Mode);
        Assert.NotNull(second.Disks[0].Reason);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task What_an_earlier_attempt_committed_is_not_done_again()
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = await node.AddMachineAsync();
        string pause = node.Datacenter.Order(new Fault(FakeStep.BackupCommitted, FaultKind.Pause));
        string task = node.Channel.Give(node.BackupOf(machine));
        await node.Channel.WaitForStageAsync(task, "telling the platform");
        TaskReport report = node.Channel.Reports.First(report => report.Checkpoints.Count > 0);
        await node.Channel.StopObeyedAsync(task, TaskDirective.Abandon);
        node.Datacenter.Lift(pause);

        node.Channel.Give(task, 2, node.BackupOf(machine), report.Checkpoints);
        TaskOutcome outcome = await node.Channel.WaitAsync(task);

        var result = Assert.IsType<BackupResult>(outcome.Result);
        Assert.Equal(2, outcome.Attempt);
        RepositoryResult repository = await node.SucceedAsync<RepositoryResult>(new OpenRepositoryWork(node.Repository, CreatesIfMissing: false));
        Assert.Equal(result.PointId, Assert.Single(repository.Points).PointId);
    }

    [Fact]
    public async Task A_repository_that_cannot_be_opened_leaves_the_platform_alone()
    {
        await using TestNode node = await TestNode.StartAsync(encrypted: true);
        FakeMachine machine = await node.AddMachineAsync();
        string opened = node.Datacenter.Order(new Fault(FakeStep.Connect, FaultKind.Delay));

        TaskFault fault = await node.FailAsync(node.BackupOf(machine) with { Repository = node.Repository with { Secret = "another secret" } });

        Assert.Equal(ErrorCode.WrongKey, fault.Code);
        Assert.Equal(0, node.Datacenter.HitsOf(opened));
        await node.NothingIsLeftAsync();
    }
}
