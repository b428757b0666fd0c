using System.Globalization;
using Microsoft.Data.Sqlite;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Tasks;
using VProtect.Server.Tests.Api;

namespace VProtect.Server.Tests.Access;

/// <summary>A platform with a machine and everything that can belong to one; all names begin with <see cref="Name"/>. Two of them have nothing in common.</summary>
internal sealed class World
{
    private readonly List<Guid> _guids = [];

    private World(string name)
    {
        Name = name;
    }

    public string Name { get; }

    public Credential Credential { get; private set; } = null!;

    public HypervisorManager Manager { get; private set; } = null!;

    public Hypervisor Host { get; private set; } = null!;

    public Machine Machine { get; private set; } = null!;

    public MachineDisk Disk { get; private set; } = null!;

    public Policy Policy { get; private set; } = null!;

    public Rule Rule { get; private set; } = null!;

    public Schedule Schedule { get; private set; } = null!;

    public Destination Destination { get; private set; } = null!;

    public RestorePoint Point { get; private set; } = null!;

    public RestorePointDisk File { get; private set; } = null!;

    public Snapshot Snapshot { get; private set; } = null!;

    public Workflow Workflow { get; private set; } = null!;

    public CatalogTask Task { get; private set; } = null!;

    public Mount Mount { get; private set; } = null!;

    public MountedFileSystem FileSystem { get; private set; } = null!;

    /// <summary>Every object.</summary>
    public IReadOnlyList<Guid> Guids => _guids;

    public static async Task<World> MakeAsync(ServerFixture server, string name)
    {
        var made = new World(name);
        await server.WriteAsync(tx => made.WriteAsync(tx, server.Time.GetUtcNow()));
        return made;
    }

    /// <summary>All rows of the database that name one of the objects: what nobody may have changed. The audit log and answers to repeated requests are left out.</summary>
    public string Rows(string dataPath)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(dataPath, "catalog.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var lines = new List<string>();
        foreach (string table in Tables(connection).Where(table => table is not ("audit" or "idempotency" or "sqlite_stat1" or "sqlite_stat4")))
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM \"{table}\"";
            using SqliteDataReader row = command.ExecuteReader();
            while (row.Read())
            {
                string line = table + "|" + string.Join("|", Enumerable.Range(0, row.FieldCount).Select(i => row.GetValue(i) switch
                {
                    byte[] bytes => Convert.ToHexString(bytes),
                    var value => Convert.ToString(value, CultureInfo.InvariantCulture),
                }));
                if (_guids.Exists(guid => line.Contains(guid.ToString("D"), StringComparison.Ordinal)))
                {
                    lines.Add(line);
                }
            }
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static List<string> Tables(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        using SqliteDataReader row = command.ExecuteReader();
        var names = new List<string>();
        while (row.Read())
        {
            names.Add(row.GetString(0));
        }

        return names;
    }

    private async Task WriteAsync(CatalogTransaction tx, DateTimeOffset now)
    {
        Credential = await AddAsync(tx.Credentials, new Credential { Name = $"{Name} login", Kind = CredentialKind.Password, Sealed = [1], CreatedAt = now, ChangedAt = now });
        Manager = await AddAsync(tx.HypervisorManagers, new HypervisorManager { Name = $"{Name} manager", Platform = "FAKE", Url = $"fake://{Name}", CredentialGuid = Credential.Guid });
        HypervisorCluster cluster = await AddAsync(tx.HypervisorClusters, new HypervisorCluster { Name = $"{Name} cluster", Uuid = $"{Name}-cluster", HypervisorManagerGuid = Manager.Guid });
        Host = await AddAsync(tx.Hypervisors, new Hypervisor { Name = $"{Name} host", Host = $"{Name}.example", Platform = "FAKE", HypervisorManagerGuid = Manager.Guid });
        await AddAsync(tx.HypervisorStorages, new HypervisorStorage { Name = $"{Name} pool", Uuid = $"{Name}-pool", HypervisorManagerGuid = Manager.Guid });
        await AddAsync(tx.Networks, new Network { Name = $"{Name} lan", Uuid = $"{Name}-lan", HypervisorManagerGuid = Manager.Guid });
        await AddAsync(tx.Flavors, new Flavor { Name = $"{Name} small", Uuid = $"{Name}-small", HypervisorManagerGuid = Manager.Guid });
        Machine = await AddAsync(tx.Machines, new Machine
        {
            Name = $"{Name} machine",
            Uuid = $"{Name}-machine",
            Platform = "FAKE",
            HypervisorManagerGuid = Manager.Guid,
            HypervisorGuid = Host.Guid,
            ClusterGuid = cluster.Guid,
            Present = true,
            FirstSeenAt = now,
        });
        Disk = await AddAsync(tx.MachineDisks, new MachineDisk { MachineGuid = Machine.Guid, DeviceId = "vda", Label = $"{Name} disk" });
        Policy = await AddAsync(tx.Policies, new Policy { Name = $"{Name} policy", Kind = PolicyKind.VmBackup, Active = true });
        await tx.Policies.AssignAsync(Policy.Guid, Machine.Guid, AssignmentSource.Manual, default);
        Machine = await tx.Machines.GetAsync(Machine.Guid, default);
        Destination = await AddAsync(tx.Destinations, new Destination { Name = $"{Name} store", Type = "FILESYSTEM", Settings = $$"""{"path":"/{{Name}}"}""" });
        Rule = await AddAsync(tx.Rules, new Rule { Name = $"{Name} rule", PolicyGuid = Policy.Guid, Active = true });
        await AddAsync(tx.RuleDestinations, new RuleDestination { RuleGuid = Rule.Guid, Role = DestinationRole.Primary, DestinationGuid = Destination.Guid, Active = true });
        Schedule = await AddAsync(tx.Schedules, new Schedule
        {
            Name = $"{Name} schedule",
            Type = ScheduleType.VmBackup,
            BackupType = BackupType.Full,
            ExecutionType = ScheduleExecution.Time,
            Hour = TimeSpan.FromHours(1),
        });
        await tx.Rules.SetSchedulesAsync(Rule.Guid, [Schedule.Guid], default);
        Point = await AddAsync(tx.RestorePoints, new RestorePoint
        {
            MachineGuid = Machine.Guid,
            DestinationGuid = Destination.Guid,
            Type = BackupType.Full,
            State = RestorePointState.Success,
            RepositoryPointId = $"{Name}-point",
            CreatedAt = now,
            PolicyGuid = Policy.Guid,
            SizeBytes = 1,
        });
        File = await AddAsync(tx.RestorePointDisks, new RestorePointDisk { RestorePointGuid = Point.Guid, DeviceId = "vda", Label = $"{Name} file" });
        Snapshot = await AddAsync(tx.Snapshots, new Snapshot { Name = $"{Name} snapshot", MachineGuid = Machine.Guid, CreatedAt = now, State = SnapshotState.Present });
        Workflow = await AddAsync(tx.Workflows, new Workflow { Name = $"{Name} workflow", MachineGuid = Machine.Guid, CreatedAt = now, State = WorkflowState.Finished, FinishedAt = now });
        Task = await AddAsync(tx.Tasks, new CatalogTask
        {
            Type = TaskType.Export,
            State = TaskState.Finished,
            WorkflowGuid = Workflow.Guid,
            MachineGuid = Machine.Guid,
            RestorePointGuid = Point.Guid,
            DestinationGuid = Destination.Guid,
            CreatedAt = now,
            FinishedAt = now,
            StatusInfo = $"{Name} status",
        });
        await tx.Tasks.AppendLogAsync(Task.Guid, TaskLogLevel.Info, $"{Name} log", default);
        Mount = await AddAsync(tx.Mounts, new Mount { RestorePointGuid = Point.Guid, Mode = MountMode.Nbd, State = MountState.Mounted, CreatedAt = now, Address = $"nbd://{Name}" });
        FileSystem = await AddAsync(tx.MountedFileSystems, new MountedFileSystem { MountGuid = Mount.Guid, Type = "ext4", Label = $"{Name} root" });
    }

    private async Task<TRow> AddAsync<TRow>(EditableTable<TRow> table, TRow row)
        where TRow : class, IEntity
    {
        await table.InsertAsync(row, default);
        _guids.Add(row.Guid);
        return row;
    }
}
