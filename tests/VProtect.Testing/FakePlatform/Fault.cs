namespace VProtect.Testing.FakePlatform;

/// <summary>What happens at a step.</summary>
public enum FaultKind
{
    /// <summary>The platform fails.</summary>
    Fail,

    /// <summary>It cannot be reached.</summary>
    Unreachable,

    /// <summary>It refuses the credentials.</summary>
    Denied,

    /// <summary>Nothing goes on until the fault is lifted: the moment to kill whoever waits there.</summary>
    Pause,

    /// <summary>It takes so much longer.</summary>
    Delay,
}

/// <summary>A fault to order with <see cref="FakeDatacenter.Order"/>.</summary>
/// <param name="Step">Where, as <see cref="FakeStep"/> names it.</param>
/// <param name="Kind">What.</param>
public sealed record Fault(string Step, FaultKind Kind)
{
    /// <summary>Only for this machine.</summary>
    public string? MachineUuid { get; init; }

    /// <summary>Only for reads and writes that touch this byte.</summary>
    public long? OffsetBytes { get; init; }

    /// <summary>How often the step passes before.</summary>
    public int Passes { get; init; }

    /// <summary>For <see cref="FaultKind.Delay"/>.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>Where faults can be ordered. In the order in which an operation comes by them.</summary>
public static class FakeStep
{
    /// <summary>Every call of a connector.</summary>
    public const string Connect = "connect";

    public const string Inventory = "inventory";

    public const string BackupFreeze = "backup.freeze";

    /// <summary>Once for each disk.</summary>
    public const string BackupCopy = "backup.copy";

    /// <summary>Everything was made, nothing was told yet.</summary>
    public const string BackupOpened = "backup.opened";

    public const string Read = "read";

    /// <summary>The restore point is committed, the platform does not know yet.</summary>
    public const string BackupCommitted = "backup.committed";

    /// <summary>The new checkpoint is kept, older ones are still there.</summary>
    public const string BackupKept = "backup.kept";

    public const string BackupClose = "backup.close";

    public const string RestoreCreate = "restore.create";

    public const string Write = "write";

    public const string RestoreComplete = "restore.complete";

    public const string SnapshotFreeze = "snapshot.freeze";

    /// <summary>Once for each disk.</summary>
    public const string SnapshotCopy = "snapshot.copy";

    /// <summary>All disks are copied; the snapshot does not count yet.</summary>
    public const string SnapshotRecord = "snapshot.record";

    /// <summary>Once for each disk.</summary>
    public const string RevertCopy = "revert.copy";

    public const string SnapshotRemove = "snapshot.remove";

    public const string Guest = "guest";

    public const string CleanUp = "cleanup";
}
