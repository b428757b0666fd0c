using System.Globalization;
using System.Text;
using System.Text.Json;
using VProtect.Connectors.Contract;
using VProtect.Testing.FakePlatform;
using Xunit.Abstractions;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>
/// Goal: killed at any stage of any task, the appliance says after its next start what became of it, leaves nothing on the platform, and
/// does the same work right the next time. Method: the platform pauses at a stage; the process is killed there with a task in each
/// lane; it starts again, and every task must end. The table of what became of each is written to the test's output.
/// </summary>
public sealed class StageKillTests(ITestOutputHelper output)
{
    private const long DiskBytes = 3 << 20;

    [Fact]
    public async Task Killed_at_each_stage_every_task_ends_and_the_next_run_is_right()
    {
        TestMachine saved = null!;
        TestMachine snapped = null!;
        TestMachine source = null!;
        TestMachine overwritten = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter =>
        {
            saved = TestMachine.Add(datacenter, "saved", 1, DiskBytes, DiskBytes);
            snapped = TestMachine.Add(datacenter, "snapped", 2, DiskBytes, DiskBytes);
            source = TestMachine.Add(datacenter, "source", 3, DiskBytes);
            overwritten = TestMachine.Add(datacenter, "overwritten", 4, DiskBytes);
        });
        await saved.FindAsync(site);
        await snapped.FindAsync(site);
        await source.FindAsync(site);
        await overwritten.FindAsync(site);
        Lane[] lanes =
        [
            new BackupLane(site, saved), new SnapshotLane(site, snapped),
            new OverwriteLane(site, overwritten, await site.BackUpAsync(overwritten.Guid), await overwritten.ReadAsync()),

            // The last: its pauses are for any machine.
            new RestoreLane(site, source, await site.BackUpAsync(source.Guid)),
        ];
        var table = new StringBuilder("| task | killed at | became | next run |\n|---|---|---|---|\n");
        int rounds = lanes.Max(lane => lane.Stages.Count);
        for (int round = 0; round < rounds; round++)
        {
            List<Lane> struck = [.. lanes.Where(lane => round < lane.Stages.Count)];
            var tasks = new Dictionary<Lane, string>();
            foreach (Lane lane in struck)
            {
                tasks.Add(lane, await lane.PauseAsync(lane.Stages[round]));
            }

            await site.KillAsync();
            site.Datacenter.LiftAll();
            await site.StartAsync();
            foreach ((Lane lane, string guid) in tasks)
            {
                JsonElement task = await site.EndOfAsync(guid);
                string became = ApplianceSite.StateOf(task) == "FINISHED" ? "resumed, finished" : $"{ApplianceSite.StateOf(task)}: {task.GetProperty("statusInfo")}";
                output.WriteLine($"{lane.Stages[round]}: {became}");
                Assert.True(became.Length > "FAILED: ".Length, $"No reason is told: {task}");
                Stage stage = lane.Stages[round];
                table.Append(CultureInfo.InvariantCulture, $"| {ApplianceSite.TypeOf(task)} | {stage.Step}, after {stage.Passes} | {became} |");
                await site.PlatformIsCleanAsync();
                await lane.NextRunIsRightAsync();
                table.AppendLine(" right |");
            }

            await site.PlatformIsCleanAsync();
        }

        output.WriteLine(table.ToString());
    }

    /// <param name="Step">Where the platform pauses.</param>
    /// <param name="Passes">How often the step passes before.</param>
    private sealed record Stage(string Step, int Passes = 0);

    /// <summary>Tasks of one kind on one machine.</summary>
    private abstract class Lane(ApplianceSite site, TestMachine machine)
    {
        public abstract IReadOnlyList<Stage> Stages { get; }

        protected ApplianceSite Site => site;

        protected TestMachine Machine => machine;

        /// <summary>Starts a task and waits until it is at a stage.</summary>
        public async Task<string> PauseAsync(Stage stage)
        {
            string fault = site.Datacenter.Order(new Fault(stage.Step, FaultKind.Pause) { Passes = stage.Passes, MachineUuid = PausedMachine });
            string task = await BeginAsync(stage);
            await ApplianceSite.UntilAsync(
                () => Task.FromResult(site.Datacenter.HitsOf(fault) > stage.Passes),
                () => $"{stage} is not reached: {site.TaskAsync(task).GetAwaiter().GetResult()}");
            return task;
        }

        /// <summary>The same work once more, and a look at what it made.</summary>
        public abstract Task NextRunIsRightAsync();

        protected virtual string? PausedMachine => machine.Uuid;

        protected abstract Task<string> BeginAsync(Stage stage);
    }

    private sealed class BackupLane(ApplianceSite site, TestMachine machine) : Lane(site, machine)
    {
        public override IReadOnlyList<Stage> Stages { get; } =
        [
            new(FakeStep.BackupFreeze), new(FakeStep.BackupCopy, 1), new(FakeStep.BackupOpened), new(FakeStep.Read, 2),
            new(FakeStep.BackupCommitted), new(FakeStep.BackupKept), new(FakeStep.BackupClose),
        ];

        public override async Task NextRunIsRightAsync()
        {
            await Machine.WriteAsync();
            Assert.Equal(await Machine.ReadAsync(), await Site.RestoreAsync(await Site.BackUpAsync(Machine.Guid)));
        }

        protected override async Task<string> BeginAsync(Stage stage)
        {
            await Machine.WriteAsync();
            return await Site.AskBackupAsync(Machine.Guid, isFull: stage.Step == FakeStep.Read);
        }
    }

    private sealed class SnapshotLane(ApplianceSite site, TestMachine machine) : Lane(site, machine)
    {
        public override IReadOnlyList<Stage> Stages { get; } =
        [
            new(FakeStep.SnapshotFreeze), new(FakeStep.SnapshotCopy, 1), new(FakeStep.SnapshotRecord), new(FakeStep.RevertCopy), new(FakeStep.RevertCopy, 1),
            new(FakeStep.RevertCopy, 2),
        ];

        public override async Task NextRunIsRightAsync()
        {
            List<byte[]> before = await Machine.ReadAsync();
            string snapshot = await TakeAsync();
            await Machine.WriteAsync();
            await Site.SucceedsAsync(await RevertAsync(snapshot));
            Assert.Equal(before, await Machine.ReadAsync());
            Assert.Null(Site.Datacenter.Machine(Machine.Uuid).Damage);
        }

        protected override async Task<string> BeginAsync(Stage stage) =>
            stage.Step == FakeStep.RevertCopy ? await RevertAsync(await TakeAsync()) : await Site.AskSnapshotAsync(Machine.Guid);

        private async Task<string> TakeAsync()
        {
            await Site.SucceedsAsync(await Site.AskSnapshotAsync(Machine.Guid));
            return await Site.NewestSnapshotAsync(Machine.Guid);
        }

        private Task<string> RevertAsync(string snapshot) => Site.AskAsync("snapshot-reversion", new { snapshot = new { guid = snapshot } });
    }

    /// <summary>Restores to the platform, as new machines.</summary>
    private sealed class RestoreLane(ApplianceSite site, TestMachine machine, string backup) : Lane(site, machine)
    {
        private int _made;
        private List<byte[]>? _original;

        public override IReadOnlyList<Stage> Stages { get; } =
        [
            new(FakeStep.RestoreCreate), new(FakeStep.Write), new(FakeStep.RestoreComplete),
        ];

        /// <summary>The machine that is made has no uuid yet that could be named.</summary>
        protected override string? PausedMachine => null;

        public override async Task NextRunIsRightAsync()
        {
            List<string> before = Site.Machines();
            await Site.SucceedsAsync(await AskAsync());
            string uuid = Assert.Single(Site.Machines().Except(before));
            Assert.Equal(await OriginalAsync(), await TestMachine.ReadAsync(Site.Datacenter, uuid));
            Assert.Null(Site.Datacenter.Machine(uuid).Damage);
        }

        protected override Task<string> BeginAsync(Stage stage) => AskAsync();

        private async Task<List<byte[]>> OriginalAsync() => _original ??= await Site.RestoreAsync(backup);

        private Task<string> AskAsync() => Site.AskImportAsync(backup, $"restored-{++_made}", overwrites: false);
    }

    /// <summary>Restores onto the machine that was backed up, which is switched off.</summary>
    private sealed class OverwriteLane(ApplianceSite site, TestMachine machine, string backup, List<byte[]> original) : Lane(site, machine)
    {
        public override IReadOnlyList<Stage> Stages { get; } =
        [
            new(FakeStep.Write), new(FakeStep.Write, 2), new(FakeStep.RestoreComplete),
        ];

        public override async Task NextRunIsRightAsync()
        {
            await Site.SucceedsAsync(await BeginAsync(Stages[0]));
            Assert.Equal(original, await Machine.ReadAsync());
            Assert.Null(Site.Datacenter.Machine(Machine.Uuid).Damage);
        }

        protected override async Task<string> BeginAsync(Stage stage)
        {
            Site.Datacenter.Change(Machine.Uuid, found => found with { Power = PowerState.Off });
            await Machine.WriteAsync();
            return await Site.AskImportAsync(backup, "overwritten", overwrites: true);
        }
    }
}
