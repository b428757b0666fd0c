using VProtect.Catalog.Access;
using VProtect.Catalog.Audit;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Recovery;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Settings;
using VProtect.Catalog.Statistics;
using VProtect.Catalog.Tasks;

namespace VProtect.Catalog;

/// <summary>The tables of a session, by area.</summary>
public partial class CatalogSession
{
    /// <summary>Global settings.</summary>
    public SettingTable Settings => new(this);

    /// <summary>Who gets reports.</summary>
    public MailingListTable MailingLists => new(this);

    /// <summary>Nodes.</summary>
    public NodeTable Nodes => new(this);

    /// <summary>Settings of nodes.</summary>
    public NodeConfigTable NodeConfigs => new(this);

    /// <summary>Appliances that joined this one.</summary>
    public JoinedApplianceTable Appliances => new(this);

    /// <summary>What of this catalog belongs to them.</summary>
    public MirrorWriter Mirror => new(this);

    /// <summary>What the server that this appliance joined has not been told yet.</summary>
    public FeedTable Feed => new(this);

    /// <summary>Secrets that rows hold, wherever they are.</summary>
    public SealedSecretTable SealedSecrets => new(this);

    /// <summary>Sealed secrets.</summary>
    public CredentialTable Credentials => new(this);

    /// <summary>Management end points.</summary>
    public HypervisorManagerTable HypervisorManagers => new(this);

    /// <summary>Hosts.</summary>
    public HypervisorTable Hypervisors => new(this);

    /// <summary>Clusters.</summary>
    public HypervisorClusterTable HypervisorClusters => new(this);

    /// <summary>Places for disks.</summary>
    public HypervisorStorageTable HypervisorStorages => new(this);

    /// <summary>Networks.</summary>
    public NetworkTable Networks => new(this);

    /// <summary>Sizes of machines.</summary>
    public FlavorTable Flavors => new(this);

    /// <summary>Machines.</summary>
    public MachineTable Machines => new(this);

    /// <summary>Disks of machines.</summary>
    public MachineDiskTable MachineDisks => new(this);

    /// <summary>Where restore points are kept.</summary>
    public DestinationTable Destinations => new(this);

    /// <summary>Policies.</summary>
    public PolicyTable Policies => new(this);

    /// <summary>Rules of policies.</summary>
    public RuleTable Rules => new(this);

    /// <summary>Destinations of rules.</summary>
    public RuleDestinationTable RuleDestinations => new(this);

    /// <summary>When rules run.</summary>
    public ScheduleTable Schedules => new(this);

    /// <summary>Recovery plans.</summary>
    public RecoveryPlanTable RecoveryPlans => new(this);

    /// <summary>Restore points.</summary>
    public RestorePointTable RestorePoints => new(this);

    /// <summary>Their disks.</summary>
    public RestorePointDiskTable RestorePointDisks => new(this);

    /// <summary>Snapshots on platforms.</summary>
    public SnapshotTable Snapshots => new(this);

    /// <summary>Tasks.</summary>
    public TaskTable Tasks => new(this);

    /// <summary>Workflows.</summary>
    public WorkflowTable Workflows => new(this);

    /// <summary>Answers to repeated requests.</summary>
    public IdempotencyTable Idempotency => new(this);

    /// <summary>Mounts.</summary>
    public MountTable Mounts => new(this);

    /// <summary>Their file systems.</summary>
    public MountedFileSystemTable MountedFileSystems => new(this);

    /// <summary>Users.</summary>
    public UserTable Users => new(this);

    /// <summary>Groups.</summary>
    public GroupTable Groups => new(this);

    /// <summary>Roles.</summary>
    public RoleTable Roles => new(this);

    /// <summary>Roles given to users and groups.</summary>
    public RoleAssignmentTable RoleAssignments => new(this);

    /// <summary>Bearer tokens.</summary>
    public ApiTokenTable ApiTokens => new(this);

    /// <summary>Logins.</summary>
    public SessionTable Sessions => new(this);

    /// <summary>Numbers of the dashboard and of reports.</summary>
    public BackupStatistics Statistics => new(this);

    /// <summary>The audit log.</summary>
    public AuditTable Audit => new(this);
}
