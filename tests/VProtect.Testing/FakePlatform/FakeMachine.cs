using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>A machine's definition: <c>machine.json</c> in its folder.</summary>
public sealed record FakeMachine
{
    public required string Uuid { get; init; }

    public required string Name { get; init; }

    public string? HostId { get; init; } = "host-1";

    public PowerState Power { get; init; } = PowerState.Running;

    public IReadOnlyList<string> Tags { get; init; } = [];

    public required IReadOnlyList<FakeDisk> Disks { get; init; }

    public IReadOnlyList<FakeNic> Nics { get; init; } = [];

    public FakeGuest Guest { get; init; } = new();

    /// <summary>Mark of the task that is making it; null once it is complete.</summary>
    public string? Mark { get; init; }

    /// <summary>Why its disks are not to be trusted, or null.</summary>
    public string? Damage { get; init; }
}

/// <summary>A disk of a machine: <c>disks/{Id}.raw</c>.</summary>
public sealed record FakeDisk(string Id, string Name, long SizeBytes, string? StorageId = "fast", string? Obstacle = null);

/// <summary>A network card.</summary>
public sealed record FakeNic(string Mac, string NetworkId);

/// <summary>What runs inside.</summary>
public sealed record FakeGuest
{
    /// <summary>Whether file systems can be frozen and commands run.</summary>
    public bool HasAgent { get; init; } = true;

    /// <summary>Answers by program; a program that is not here runs on this computer.</summary>
    public IReadOnlyDictionary<string, GuestCommandResult> Commands { get; init; } = new Dictionary<string, GuestCommandResult>();
}

/// <summary>What there is beside machines: <c>datacenter.json</c>.</summary>
public sealed record FakeSite
{
    public IReadOnlyList<InventoryHost> Hosts { get; init; } =
        [new("host-1", "alpha", "cluster-1", IsUp: true), new("host-2", "beta", "cluster-1", IsUp: true)];

    public IReadOnlyList<InventoryItem> Clusters { get; init; } = [new("cluster-1", "production")];

    public IReadOnlyList<InventoryStorage> Storages { get; init; } =
        [new("fast", "fast disks", 1L << 40, 1L << 39), new("large", "large disks", 1L << 44, 1L << 43)];

    public IReadOnlyList<InventoryItem> Networks { get; init; } = [new("lan", "LAN"), new("dmz", "DMZ")];

    /// <summary>Password that connections must bring; null lets everybody in.</summary>
    public string? Password { get; init; }
}

/// <summary>A snapshot that the platform keeps: <c>snapshots/{Id}/snapshot.json</c>.</summary>
public sealed record FakeSnapshot(string Id, string Name, DateTimeOffset CreatedAt, bool? IsQuiesced, string? Mark);

/// <summary>The moment since which changes are recorded: <c>checkpoints/{Id}/checkpoint.json</c>, and a dirty map for each disk.</summary>
/// <param name="Id">What tokens say.</param>
/// <param name="Number">Larger than those of earlier ones.</param>
/// <param name="Mark">Mark of the backup that made it, until that is committed.</param>
/// <param name="Destination">Where that backup went; empty when it was not told.</param>
public sealed record FakeCheckpoint(string Id, long Number, string? Mark, string Destination);
