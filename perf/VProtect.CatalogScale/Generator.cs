using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Tasks;

namespace VProtect.CatalogScale;

/// <summary>A catalog such as a large installation has after some months; the same for the same numbers.</summary>
internal sealed class Generator(CatalogDatabase database, int machines, int points)
{
    private const int PointsInTransaction = 20_000;
    private const int QueuedTasks = 2_000;
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly Random _random = new(4711);

    public Destination[] Destinations { get; private set; } = [];

    public Policy[] Policies { get; private set; } = [];

    public Hypervisor[] Hypervisors { get; private set; } = [];

    public Machine[] Machines { get; private set; } = [];

    public int Points => points;

    public Node Node { get; } = new() { Name = "node", State = NodeState.Online, Generation = 1, EnrolledAt = Now };

    public async Task FillAsync()
    {
        await FillInventoryAsync();
        await WriteAsync(tx => tx.Nodes.InsertAsync(Node, default));
        for (int first = 0; first < points; first += PointsInTransaction)
        {
            int count = Math.Min(PointsInTransaction, points - first);
            await WriteAsync(tx => tx.RestorePoints.InsertManyAsync(Enumerable.Range(first, count).Select(NewPoint), default));
            await WriteAsync(tx => tx.Tasks.InsertManyAsync(Enumerable.Range(first, count / 5).Select(NewTask), default));
        }

        await WriteAsync(tx => tx.Tasks.InsertManyAsync(Enumerable.Range(0, QueuedTasks).Select(i => NewTask(i) with
        {
            State = TaskState.Queued,
            Priority = _random.Next(101),
            SourceGuid = Hypervisors[_random.Next(Hypervisors.Length)].Guid,
            FinishedAt = null,
        }), default));
    }

    /// <summary>What an appliance can be started with: its tasks have all ended, and its node is its own.</summary>
    /// <param name="tasks">Ended tasks; the newest are of now.</param>
    public async Task FillForShowAsync(int tasks)
    {
        await FillInventoryAsync();
        await WriteAsync(tx => tx.RestorePoints.InsertManyAsync(Enumerable.Range(0, points).Select(NewPoint), default));
        await WriteAsync(tx => tx.Tasks.InsertManyAsync(Enumerable.Range(points - tasks, tasks).Select(i => NewTask(i) with { StartedAt = Now.AddSeconds(-8.64 * (points - i)) }), default));
    }

    private async Task FillInventoryAsync()
    {
        Destinations = [.. Enumerable.Range(0, 4).Select(i => new Destination { Name = $"destination {i}", Type = "FILESYSTEM" })];
        Policies = [.. Enumerable.Range(0, 20).Select(i => new Policy { Name = $"policy {i:d2}", Kind = PolicyKind.VmBackup, Priority = 40 + i })];
        var manager = new HypervisorManager { Name = "manager", Platform = "OVIRT", Url = "https://127.0.0.1:9" };
        Hypervisors = [.. Enumerable.Range(0, 100).Select(i =>
            new Hypervisor { Name = $"host{i:d3}", Host = $"10.0.0.{i}", Platform = "OVIRT", HypervisorManagerGuid = manager.Guid })];
        Machines = [.. Enumerable.Range(0, machines).Select(NewMachine)];
        await WriteAsync(async tx =>
        {
            await tx.Destinations.InsertManyAsync(Destinations, default);
            await tx.Policies.InsertManyAsync(Policies, default);
            await tx.HypervisorManagers.InsertAsync(manager, default);
            await tx.Hypervisors.InsertManyAsync(Hypervisors, default);
            await tx.Machines.InsertManyAsync(Machines, default);
            foreach (Machine machine in Machines)
            {
                await tx.Machines.SetTagsAsync(machine.Guid, [$"team{_random.Next(50)}", _random.Next(3) == 0 ? "prod" : "test"], default);
                await tx.Policies.AssignAsync(machine.BackupPolicyGuid!.Value, machine.Guid, AssignmentSource.Auto, default);
            }
        });
    }

    private Machine NewMachine(int i) => new()
    {
        Name = $"{(string[])["web", "db", "app", "mail", "build"] switch { var kinds => kinds[i % kinds.Length] }}-{i:d5}.example",
        Uuid = Guid.NewGuid().ToString(),
        Platform = "OVIRT",
        HypervisorGuid = Hypervisors[i % Hypervisors.Length].Guid,
        HypervisorManagerGuid = Hypervisors[0].HypervisorManagerGuid,
        Present = i % 20 != 0,
        PowerState = PowerState.On,
        ProvisionedBytes = _random.NextInt64(1L << 43),
        FirstSeenAt = Now.AddDays(-200),
        BackupPolicyGuid = Policies[i % Policies.Length].Guid,
        LastBackupAt = i % 50 == 0 ? null : Now.AddMinutes(-_random.Next(3000)),
        LastBackupState = i % 50 == 0 ? null : i % 33 == 0 ? RestorePointState.Failed : RestorePointState.Success,
        LastSuccessAt = i % 50 == 0 ? null : Now.AddMinutes(-_random.Next(3000)),
        LastSuccessBytes = i % 50 == 0 ? null : _random.NextInt64(1L << 42),
        RpoDueAt = i % 50 == 0 ? null : Now.AddMinutes(_random.Next(-100, 2000)),
    };

    // Point i is older the smaller i is; machines take turns.
    private RestorePoint NewPoint(int i)
    {
        int machine = i % machines;
        return new RestorePoint
        {
            MachineGuid = Machines[machine].Guid,
            DestinationGuid = Destinations[_random.Next(10) < 7 ? 0 : _random.Next(1, Destinations.Length)].Guid,
            RepositoryPointId = $"{i:x32}",
            Type = i / machines % 7 == 0 ? BackupType.Full : BackupType.Incremental,
            State = _random.Next(100) switch { < 95 => RestorePointState.Success, < 99 => RestorePointState.Failed, _ => RestorePointState.Cancelled },
            CreatedAt = Now.AddSeconds(-8.64 * (points - i)),
            SizeBytes = _random.NextInt64(1L << 42),
            StoredBytes = _random.NextInt64(1L << 34),
            PolicyGuid = Policies[machine % Policies.Length].Guid,
            Role = DestinationRole.Primary,
        };
    }

    private CatalogTask NewTask(int i) => new()
    {
        Type = (TaskType)_random.Next(1, 4),
        State = _random.Next(20) == 0 ? TaskState.Failed : TaskState.Finished,
        CreatedAt = Now.AddSeconds(-8.64 * (points - i)),
        FinishedAt = Now.AddSeconds(-8.64 * (points - i) + 600),
        MachineGuid = Machines[i % machines].Guid,
        PolicyGuid = Policies[i % Policies.Length].Guid,
        Percent = 100,
    };

    private async Task WriteAsync(Func<CatalogTransaction, Task> change)
    {
        await using CatalogTransaction tx = await database.BeginAsync(default);
        await change(tx);
        await tx.CommitAsync(default);
    }
}
