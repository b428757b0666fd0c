using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Settings;

/// <summary>Settings of the task engine and of what runs by the clock.</summary>
internal sealed partial record GlobalSettings
{
    private const long Day = 24 * 60 * Minute;

    /// <summary>Tasks that run at once on all nodes; default 32, 1 to 10000.</summary>
    public int RunningTasksMax { get; init; } = 32;

    /// <summary>Tasks that read from or write to one platform at once; default 4, 1 to 1000.</summary>
    public int SourceRunningTasksMax { get; init; } = 4;

    /// <summary>A node that is not heard of for this long is offline: it gets no new tasks, and what does no harm twice is moved, ms; default 1 min, 15 s to 1 h.</summary>
    public long NodeTimeout { get; init; } = Minute;

    /// <summary>A node that is not heard of for this long has lost all its tasks, ms; default 2 h, 1 min to 7 days, and nodeTimeout at least.</summary>
    public long NodeLeaseTimeout { get; init; } = 120 * Minute;

    /// <summary>The inventory of every platform is read this often, ms; default 60 min, 0 never, else 1 min to 7 days.</summary>
    public long InventorySyncInterval { get; init; } = 60 * Minute;

    /// <summary>Destinations are looked at this often, ms; default 60 min, 0 never, else 1 min to 7 days.</summary>
    public long DestinationCheckInterval { get; init; } = 60 * Minute;

    /// <summary>When the daily retention begins, ms since UTC midnight; default 9:00, when nightly backups are done.</summary>
    public long RetentionHour { get; init; } = 9 * 60 * Minute;

    /// <summary>What a run may take before a machine counts as not up to date, ms; default 4 h, 0 to 7 days.</summary>
    public long RpoAllowance { get; init; } = 4 * 60 * Minute;

    /// <summary>Tasks that ended are kept this long, ms; default 30 days, 1 h to 10 years.</summary>
    public long EndedTaskRetention { get; init; } = 30 * Day;

    /// <summary>Answers to idempotency keys are kept this long, ms; default 7 days, 1 h to 1 year.</summary>
    public long IdempotencyRetention { get; init; } = 7 * Day;

    /// <summary>Whether a copy of the appliance itself is kept in a destination; default true.</summary>
    public bool ApplianceBackup { get; init; } = true;

    /// <summary>Where, a destination that is encrypted; default null: the default destination, else the first that is encrypted.</summary>
    public Guid? ApplianceBackupDestination { get; init; }

    /// <summary>So often, ms; default 24 h, 1 h to 7 days. A copy older than twice that is warned of.</summary>
    public long ApplianceBackupInterval { get; init; } = Day;

    /// <summary>When in the day, ms since UTC midnight; default null: when the interval is over. Needs an interval of a day at least. The first copy does not wait for it.</summary>
    public long? ApplianceBackupHour { get; init; }

    /// <summary>How many copies are kept; default 7, 2 to 1000.</summary>
    public int ApplianceBackupsKept { get; init; } = 7;

    private void CheckTasks()
    {
        Between("applianceBackupInterval", ApplianceBackupInterval, 60 * Minute, 7 * Day);
        if (ApplianceBackupHour is { } hour)
        {
            Between("applianceBackupHour", hour, 0, Day - 1);
            if (ApplianceBackupInterval < Day)
            {
                throw new InvalidFieldException("applianceBackupHour", "The copy is made more often than once a day.", "Leave it null, or make applianceBackupInterval 86400000 or more.");
            }
        }

        Between("applianceBackupsKept", ApplianceBackupsKept, 2, 1000);
        Between("runningTasksMax", RunningTasksMax, 1, 10_000);
        Between("sourceRunningTasksMax", SourceRunningTasksMax, 1, 1000);
        Between("nodeTimeout", NodeTimeout, Minute / 4, 60 * Minute);
        Between("nodeLeaseTimeout", NodeLeaseTimeout, Math.Max(Minute, NodeTimeout), 7 * Day);
        Interval("inventorySyncInterval", InventorySyncInterval);
        Interval("destinationCheckInterval", DestinationCheckInterval);
        Between("retentionHour", RetentionHour, 0, Day - 1);
        Between("rpoAllowance", RpoAllowance, 0, 7 * Day);
        Between("endedTaskRetention", EndedTaskRetention, 60 * Minute, 3650 * Day);
        Between("idempotencyRetention", IdempotencyRetention, 60 * Minute, 365 * Day);
    }

    private static void Interval(string field, long value)
    {
        if (value != 0)
        {
            Between(field, value, Minute, 7 * Day);
        }
    }

    private static void Between(string field, long value, long min, long max)
    {
        if (value < min || value > max)
        {
            throw new InvalidFieldException(field, "It is out of bounds.", $"Use {min} to {max}.");
        }
    }
}
