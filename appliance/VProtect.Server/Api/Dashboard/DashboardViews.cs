using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Dashboard;

/// <summary>How many entities of a kind are protected; each is counted once.</summary>
/// <param name="ProtectedNo">In an active policy that an active schedule starts.</param>
/// <param name="NotProtected">In no policy.</param>
/// <param name="NoSchedule">In policies, none of which starts by itself.</param>
internal sealed record ProtectedView(long ProtectedNo, long NotProtected, long NoSchedule);

/// <summary>Protection by kind of entity.</summary>
/// <param name="AllEntities">All kinds.</param>
/// <param name="Vm">Virtual machines.</param>
/// <param name="Storage">Storages: there are none here.</param>
internal sealed record ProtectionView(ProtectedView AllEntities, ProtectedView Vm, ProtectedView Storage);

/// <summary>Backups of a span of time.</summary>
/// <param name="Successful">Good ones.</param>
/// <param name="Failed">Failed ones.</param>
/// <param name="Cancelled">Those that a user stopped.</param>
/// <param name="InProgress">Those being written now.</param>
/// <param name="Queued">Those that wait now.</param>
/// <param name="TotalData">Read from the sources for the good ones, bytes.</param>
/// <param name="TotalStored">Stored for the good ones, bytes.</param>
internal sealed record BackupStatsView(long Successful, long Failed, long Cancelled, long InProgress, long Queued, long TotalData, long TotalStored);

/// <summary>Working space of all nodes.</summary>
/// <param name="TotalSpace">Size, bytes.</param>
/// <param name="UsedSpace">Used of it, bytes.</param>
/// <param name="Nodes">Each node.</param>
internal sealed record StagingView(long TotalSpace, long UsedSpace, IReadOnlyList<NodeSpaceView> Nodes);

/// <summary>Working space of a node.</summary>
/// <param name="Guid">The node.</param>
/// <param name="Name">Its name.</param>
/// <param name="TotalSpace">Size, bytes.</param>
/// <param name="UsedSpace">Used of it, bytes.</param>
internal sealed record NodeSpaceView(Guid Guid, string Name, long TotalSpace, long UsedSpace);

/// <summary>Space of a destination.</summary>
/// <param name="Guid">The destination.</param>
/// <param name="Name">Its name.</param>
/// <param name="TotalUsedSpace">Stored by us, bytes.</param>
/// <param name="TotalAvailableSpace">Free for us, bytes.</param>
/// <param name="LogicalSize">What the backups hold before deduplication, bytes.</param>
/// <param name="DaysUntilFull">Days until it is full if backups go on to store as much as in the last 30 days, whatever retention frees; null while that is not known.</param>
internal sealed record DestinationSpaceView(
    Guid Guid, string Name, long TotalUsedSpace, long TotalAvailableSpace, long LogicalSize, double? DaysUntilFull);

/// <summary>Backups of a machine added up.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="Backups">Good backups.</param>
/// <param name="Size">What they show, bytes.</param>
/// <param name="TransferredSize">Read for them, bytes.</param>
/// <param name="StoredSize">Stored for them, bytes.</param>
internal sealed record MachineSizeView(NameAndGuid Vm, long Backups, long Size, long TransferredSize, long StoredSize);

/// <summary>A backup that failed.</summary>
/// <param name="Guid">The backup.</param>
/// <param name="Vm">Its machine.</param>
/// <param name="Time">When it was asked for.</param>
/// <param name="BackupDestination">Where it was to go.</param>
/// <param name="StatusInfo">Why it failed.</param>
internal sealed record FailedBackupView(Guid Guid, NameAndGuid Vm, DateTimeOffset Time, NameAndGuid BackupDestination, string? StatusInfo);

/// <summary>What is known of the good backups that are kept.</summary>
/// <param name="Verified">Those that were found whole.</param>
/// <param name="NotVerified">Those that were not looked at.</param>
/// <param name="Damaged">Those that were found damaged.</param>
/// <param name="LastVerified">When one was last looked at.</param>
/// <param name="LastRestored">When a restore last succeeded, of those whose tasks are kept.</param>
internal sealed record VerificationView(long Verified, long NotVerified, long Damaged, DateTimeOffset? LastVerified, DateTimeOffset? LastRestored);

/// <summary>A machine whose last good backup is older than its policies ask.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="LastSuccessfulBackup">When its last good backup was made.</param>
/// <param name="Due">When the next one was due.</param>
internal sealed record OverdueView(NameAndGuid Vm, DateTimeOffset? LastSuccessfulBackup, DateTimeOffset? Due);

/// <summary>What was done in a span of time and what needs a look.</summary>
/// <param name="From">From this time on.</param>
/// <param name="To">Before this time.</param>
/// <param name="Protection">How many machines are protected.</param>
/// <param name="BackupStats">Backups.</param>
/// <param name="Destinations">Space of the destinations.</param>
/// <param name="FailedBackups">The latest backups that failed; at most 50.</param>
/// <param name="Overdue">Machines that are not up to date, the longest overdue first; at most 50.</param>
/// <param name="OverdueNo">How many machines are not up to date.</param>
/// <param name="Verification">What is known of the backups that are kept.</param>
internal sealed record ReportView(
    DateTimeOffset From, DateTimeOffset To, ProtectionView Protection, BackupStatsView BackupStats, IReadOnlyList<DestinationSpaceView> Destinations,
    IReadOnlyList<FailedBackupView> FailedBackups, IReadOnlyList<OverdueView> Overdue, long OverdueNo, VerificationView Verification)
{
    /// <summary>Whether this appliance was recovered elsewhere, so that its schedules, retention and recovery plans stand still.</summary>
    public bool Superseded { get; init; }
}

/// <summary>A span of time in a query; the last 24 hours when nothing is said.</summary>
/// <param name="From">From this time on, Unix milliseconds.</param>
/// <param name="To">Before this time, Unix milliseconds.</param>
internal sealed record SpanQuery(long? From, long? To)
{
    public Span ToSpan(TimeProvider time) => Span.Of(Instant(From, "from"), Instant(To, "to"), TimeSpan.FromDays(1), time);

    private static DateTimeOffset? Instant(long? milliseconds, string field) => milliseconds switch
    {
        null => null,
        < 0 or > 253_402_300_799_999 => throw new InvalidFieldException(field, "It is no time.", "Send milliseconds since 1970-01-01 UTC."),
        { } value => DateTimeOffset.FromUnixTimeMilliseconds(value),
    };
}

/// <summary>What a report is about; the last 24 hours when nothing is said.</summary>
/// <param name="From">From this time on.</param>
/// <param name="To">Before this time.</param>
internal sealed record ReportRequest(DateTimeOffset? From, DateTimeOffset? To);

/// <summary>What is charged; the last 30 days and all machines when nothing is said.</summary>
/// <param name="From">From this time on.</param>
/// <param name="To">Before this time.</param>
/// <param name="Vms">Only these machines.</param>
/// <param name="TenantId">Only machines of this tenant.</param>
internal sealed record ChargebackRequest(DateTimeOffset? From, DateTimeOffset? To, IReadOnlyList<NameAndGuid>? Vms, string? TenantId);

/// <summary>What a machine is charged for.</summary>
/// <param name="Vm">The machine.</param>
/// <param name="TenantId">Its tenant.</param>
/// <param name="VmBackupPolicy">The backup policy of highest priority that it is in.</param>
/// <param name="Backups">Good backups.</param>
/// <param name="Size">Stored or transferred for them, bytes.</param>
internal sealed record ChargebackView(NameAndGuid Vm, string? TenantId, NameAndGuid? VmBackupPolicy, long Backups, long Size);

/// <summary>A span of time.</summary>
/// <param name="From">From this time on.</param>
/// <param name="To">Before this time.</param>
internal readonly record struct Span(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>The span that is asked for, or the last of a length.</summary>
    /// <exception cref="InvalidFieldException">It ends before it begins.</exception>
    public static Span Of(DateTimeOffset? from, DateTimeOffset? to, TimeSpan length, TimeProvider time)
    {
        DateTimeOffset end = to ?? time.GetUtcNow().AddMilliseconds(1);
        DateTimeOffset begin = from ?? (end - DateTimeOffset.UnixEpoch > length ? end - length : DateTimeOffset.UnixEpoch);
        return begin < end ? new Span(begin, end) : throw new InvalidFieldException("to", "It is not after 'from'.", "Send a later time.");
    }
}
