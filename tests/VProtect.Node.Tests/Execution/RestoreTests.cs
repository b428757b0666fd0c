using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Testing.FakePlatform;

namespace VProtect.Node.Tests.Execution;

public sealed class RestoreTests
{
    [Fact]
    public async Task All_disks_and_documents_come_to_a_directory_and_nothing_is_overwritten()
    {
        await using TestNode node = await TestNode.StartAsync();
        (FakeMachine machine, BackupResult backup) = await BackUpAsync(node, disks: 2);
        var work = new RestoreFilesWork(node.Repository, backup.PointId, [], node["restored/web1"], "raw", IsSparse: true);

        RestoreResult result = await node.SucceedAsync<RestoreResult>(work);
        TaskFault again = await node.FailAsync(work);

        Assert.Equal(["disk-0.raw", "disk-1.raw", "documents.tar"], result.Files.Select(file => Path.GetFileName(file)));
        Assert.Equal(await node.Datacenter.ReadAsync(machine.Uuid, "disk-0"), File.ReadAllBytes(node["restored/web1/disk-0.raw"]));
        Assert.Equal(await node.Datacenter.ReadAsync(machine.Uuid, "disk-1"), File.ReadAllBytes(node["restored/web1/disk-1.raw"]));
        Assert.Equal("machine.json\n", Tool.Run("tar", "--warning=no-unknown-keyword", "-tf", node["restored/web1/documents.tar"]));
        Assert.Equal(ErrorCode.TargetUnavailable, again.Code);
        Assert.Equal(3, Directory.EnumerateFileSystemEntries(node["restored/web1"]).Count());
        await node.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("qcow2", "qcow2")]
    [InlineData("vmdk", "vmdk")]
    [InlineData("vhdx", "vhdx")]
    [InlineData("vhd", "vpc")]
    public async Task A_disk_comes_in_any_format(string format, string driver)
    {
        await using TestNode node = await TestNode.StartAsync();
        (FakeMachine machine, BackupResult backup) = await BackUpAsync(node, disks: 2);

        RestoreResult result = await node.SucceedAsync<RestoreResult>(
            new RestoreFilesWork(node.Repository, backup.PointId, ["disk-1"], node["restored"], format, IsSparse: true));

        string file = Assert.Single(result.Files);
        Assert.Equal($"disk-1.{format}", Path.GetFileName(file));
        Tool.Run("qemu-img", "compare", "-f", "raw", "-F", driver, $"{node.Datacenter.Path}/machines/{machine.Uuid}/disks/disk-1.raw", file);
        await node.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("qcow2")]
    public async Task Space_is_taken_as_asked(string format)
    {
        await using TestNode node = await TestNode.StartAsync();
        FakeMachine machine = node.Datacenter.AddMachine("empty", 8 << 20);
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(machine));

        await node.SucceedAsync<RestoreResult>(new RestoreFilesWork(node.Repository, backup.PointId, ["disk-0"], node["sparse"], format, IsSparse: true));
        await node.SucceedAsync<RestoreResult>(new RestoreFilesWork(node.Repository, backup.PointId, ["disk-0"], node["whole"], format, IsSparse: false));

        Assert.InRange(BlocksOf(node[$"sparse/disk-0.{format}"]), 0, 2048);
        Assert.InRange(BlocksOf(node[$"whole/disk-0.{format}"]), (8 << 20) / 512, long.MaxValue);
    }

    [Fact]
    public async Task Directories_that_are_not_for_restores_are_refused()
    {
        await using TestNode node = await TestNode.StartAsync(node => node.Options = node.Options with { ProtectedPaths = [node["data"]] });
        (_, BackupResult backup) = await BackUpAsync(node);
        Directory.CreateSymbolicLink(node["link"], node["repository"]);

        foreach (string directory in new[] { node["state/x"], node["data"], node["repository/packs"], node["link/new"], node["other/../state"], "restored" })
        {
            TaskFault fault = await node.FailAsync(new RestoreFilesWork(node.Repository, backup.PointId, [], directory, "raw", IsSparse: true));
            Assert.True(fault.Code == ErrorCode.RestorePlaceRefused, $"{directory}: {fault}");
        }

        await node.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("0000000000000000000000000000000", "raw", ErrorCode.InvalidArgument)]
    [InlineData("00000000000000000000000000000000", "raw", ErrorCode.RestorePointNotFound)]
    [InlineData(null, "zip", ErrorCode.InvalidArgument)]
    [InlineData(null, "vmdk", ErrorCode.TargetUnavailable)]
    public async Task What_cannot_be_restored_leaves_no_directory(string? point, string format, ErrorCode expected)
    {
        await using TestNode node = await TestNode.StartAsync();
        (_, BackupResult backup) = await BackUpAsync(node);

        TaskFault fault = await node.FailAsync(new RestoreFilesWork(node.Repository, point ?? backup.PointId, [], node["restored/deep"], format, IsSparse: false));

        Assert.Equal(expected, fault.Code);
        Assert.False(Directory.Exists(node["restored"]));
        await node.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("source")]
    [InlineData("file")]
    public async Task A_machine_is_made_anew(string endpoint)
    {
        await using TestNode node = await TestNode.StartAsync(
            node => node.Platform = node.Platform with { Settings = new Dictionary<string, string> { ["endpoint"] = endpoint } });
        (FakeMachine machine, BackupResult backup) = await BackUpAsync(node, disks: 2);

        RestoreResult result = await node.SucceedAsync<RestoreResult>(new RestoreMachineWork
        {
            Repository = node.Repository,
            PointId = backup.PointId,
            Platform = node.Platform,
            Name = "web1-again",
            StorageId = "large",
            PowersOn = true,
        });

        FakeMachine made = node.Datacenter.Machine(result.MachineUuid!);
        Assert.NotEqual(machine.Uuid, made.Uuid);
        Assert.Equal(("web1-again", PowerState.Running), (made.Name, made.Power));
        Assert.All(made.Disks, disk => Assert.Equal("large", disk.StorageId));
        foreach (FakeDisk disk in machine.Disks)
        {
            Assert.Equal(await node.Datacenter.ReadAsync(machine.Uuid, disk.Id), await node.Datacenter.ReadAsync(made.Uuid, disk.Id));
        }

        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Onto_a_machine_that_is_there_only_differences_are_written()
    {
        await using TestNode node = await TestNode.StartAsync();
        (FakeMachine machine, BackupResult backup) = await BackUpAsync(node);
        byte[] before = await node.Datacenter.ReadAsync(machine.Uuid, "disk-0");
        await node.Datacenter.WriteAsync(machine.Uuid, "disk-0", 1 << 20, Enumerable.Repeat((byte)9, 70_000).ToArray());
        node.Datacenter.Change(machine.Uuid, now => now with { Power = PowerState.Off });

        RestoreResult result = await node.SucceedAsync<RestoreResult>(new RestoreMachineWork
        {
            Repository = node.Repository,
            PointId = backup.PointId,
            Platform = node.Platform,
            OverwriteMachineUuid = machine.Uuid,
        });

        Assert.Equal(machine.Uuid, result.MachineUuid);
        Assert.Equal(before, await node.Datacenter.ReadAsync(machine.Uuid, "disk-0"));
        Assert.InRange(result.WrittenBytes, 0, 3 * 65536);
        Assert.Null(node.Datacenter.Machine(machine.Uuid).Damage);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_restore_that_the_server_is_about_to_take_for_lost_ends_and_a_backup_goes_on()
    {
        await using TestNode node = await TestNode.StartAsync();
        (_, BackupResult backup) = await BackUpAsync(node);
        string pause = node.Datacenter.Order(new Fault(FakeStep.Write, FaultKind.Pause));
        node.Channel.Settings = new NodeSettings { SilenceMax = TimeSpan.FromSeconds(1) };
        string task = node.Channel.Give(new RestoreMachineWork { Repository = node.Repository, PointId = backup.PointId, Platform = node.Platform });
        await node.Datacenter.WaitForHitAsync(pause, default);
        string read = node.Datacenter.Order(new Fault(FakeStep.Read, FaultKind.Pause));
        string other = node.Channel.Give(node.BackupOf(await node.AddMachineAsync("other")));
        await node.Datacenter.WaitForHitAsync(read, default);

        node.Channel.IsCut = true;
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60)))
        {
            while (!node.Log.Contains($"Task {task}, attempt 1: stopped, since it is not this node's any more", StringComparison.Ordinal))
            {
                await Task.Delay(20, limit.Token);
            }
        }

        node.Datacenter.LiftAll();
        node.Channel.IsCut = false;
        Assert.Equal(TaskEnd.Succeeded, (await node.Channel.WaitAsync(other)).End);
        Assert.DoesNotContain(node.Channel.Outcomes, outcome => outcome.TaskGuid == task);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Files_are_restored_only_where_the_node_configuration_allows()
    {
        await using TestNode node = await TestNode.StartAsync();
        BackupResult backup = await node.SucceedAsync<BackupResult>(node.BackupOf(await node.AddMachineAsync()));
        node.Channel.Settings = new NodeSettings { RestorePaths = [node["allowed"]] };

        TaskFault fault = await node.FailAsync(new RestoreFilesWork(node.Repository, backup.PointId, [], node["allowed-not"], "raw", IsSparse: true));
        Assert.Equal(ErrorCode.RestorePlaceRefused, fault.Code);
        Assert.Contains("restorePaths", fault.Guidance, StringComparison.Ordinal);
        await node.SucceedAsync<RestoreResult>(new RestoreFilesWork(node.Repository, backup.PointId, [], node["allowed/web1"], "raw", IsSparse: true));

        // It holds from the next order on.
        node.Channel.Settings = new NodeSettings();
        await node.SucceedAsync<RestoreResult>(new RestoreFilesWork(node.Repository, backup.PointId, [], node["allowed-not"], "raw", IsSparse: true));
    }

    [Theory]
    [InlineData(FakeStep.RestoreCreate)]
    [InlineData(FakeStep.Write)]
    [InlineData(FakeStep.RestoreComplete)]
    public async Task A_restore_cancelled_at_any_step_leaves_no_machine(string step)
    {
        await using TestNode node = await TestNode.StartAsync();
        (FakeMachine machine, BackupResult backup) = await BackUpAsync(node);
        string pause = node.Datacenter.Order(new Fault(step, FaultKind.Pause));
        string task = node.Channel.Give(new RestoreMachineWork { Repository = node.Repository, PointId = backup.PointId, Platform = node.Platform });
        await node.Datacenter.WaitForHitAsync(pause, default);

        node.Channel.Stop(task, TaskDirective.Cancel);

        Assert.Equal(TaskEnd.Cancelled, (await node.Channel.WaitAsync(task)).End);
        node.Datacenter.LiftAll();
        InventoryResult inventory = await node.SucceedAsync<InventoryResult>(new InventoryWork(node.Platform));
        Assert.Equal(machine.Uuid, Assert.Single(inventory.Machines).Uuid);
        await node.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_fails_the_restore_and_is_named()
    {
        await using TestNode node = await TestNode.StartAsync();
        (_, BackupResult backup) = await BackUpAsync(node);
        node.Datacenter.Order(new Fault(FakeStep.Write, FaultKind.Fail));

        TaskFault fault = await node.FailAsync(new RestoreMachineWork { Repository = node.Repository, PointId = backup.PointId, Platform = node.Platform });

        Assert.Contains("'disk-0'", fault.Message, StringComparison.Ordinal);
        await node.NothingIsLeftAsync();
    }

    private static async Task<(FakeMachine Machine, BackupResult Backup)> BackUpAsync(TestNode node, int disks = 1)
    {
        FakeMachine machine = await node.AddMachineAsync(disks: disks);
        return (machine, await node.SucceedAsync<BackupResult>(node.BackupOf(machine)));
    }

    private static long BlocksOf(string file) => long.Parse(Tool.Run("stat", "-c", "%b", file).Trim(), System.Globalization.CultureInfo.InvariantCulture);
}
