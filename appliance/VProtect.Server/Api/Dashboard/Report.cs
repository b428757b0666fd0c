using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Catalog.Statistics;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Dashboard;

/// <summary>Gathers what the dashboard and reports show.</summary>
internal static class Report
{
    /// <summary>Failures and overdue machines that are named; lists of backups and machines have all.</summary>
    private const int NamedMax = 50;

    /// <summary>Machines that a written report names.</summary>
    public const int MachinesMax = 10_000;

    /// <summary>Backups of this span tell how fast destinations fill.</summary>
    private static readonly TimeSpan GrowthSpan = TimeSpan.FromDays(30);

    public static async Task<ReportView> OfAsync(CatalogSession session, Span span, CancellationToken cancellationToken)
    {
        ListPage<RestorePoint> failed = await session.RestorePoints.ListAsync(
            new RestorePointFilter { States = [RestorePointState.Failed], From = span.From, Before = span.To }, new ListQuery { Size = NamedMax }, cancellationToken);
        ListPage<Machine> overdue = await session.Machines.ListAsync(
            new MachineFilter { UpToDate = false, Present = true }, new ListQuery { Size = NamedMax, OrderBy = "rpoDue" }, cancellationToken);
        NameLookup machines = await NameLookup.OfAsync(session.Machines, failed.Rows.Select(point => (Guid?)point.MachineGuid), cancellationToken);
        NameLookup destinations = await NameLookup.OfAsync(session.Destinations, failed.Rows.Select(point => (Guid?)point.DestinationGuid), cancellationToken);
        return new ReportView(
            span.From,
            span.To,
            await ProtectionAsync(session, cancellationToken),
            await StatsAsync(session, span, cancellationToken),
            await DestinationsAsync(session, span.To, cancellationToken),
            [
                .. failed.Rows.Select(point => new FailedBackupView(
                    point.Guid, machines.Of(point.MachineGuid), point.CreatedAt, destinations.Of(point.DestinationGuid), point.StatusInfo)),
            ],
            [.. overdue.Rows.Select(machine => new OverdueView(new NameAndGuid(machine.Guid, machine.Name), machine.LastSuccessAt, machine.RpoDueAt))],
            overdue.Total,
            await VerificationAsync(session, cancellationToken));
    }

    /// <summary>The same with all machines that were backed up, to be written down.</summary>
    public static async Task<WrittenReport> WrittenAsync(CatalogSession session, Span span, string appliance, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ReportView report = await OfAsync(session, span, cancellationToken);
        IReadOnlyList<MachineSums> machines = await session.Statistics.ByMachineAsync(span.From, span.To, machines: null, tenant: null, MachinesMax, cancellationToken);
        return new WrittenReport(appliance, now, report, machines, await NameLookup.OfAsync(session.Policies, machines.Select(one => one.PolicyGuid), cancellationToken));
    }

    public static async Task<ProtectionView> ProtectionAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        ProtectionCounts counts = await session.Statistics.ProtectionAsync(cancellationToken);
        var machines = new ProtectedView(counts.Scheduled, counts.NotProtected, counts.NotScheduled);

        // Machines are the only kind of entity that the catalog has.
        return new ProtectionView(machines, machines, new ProtectedView(0, 0, 0));
    }

    public static async Task<BackupStatsView> StatsAsync(CatalogSession session, Span span, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<RestorePointState, BackupSums> sums = await session.Statistics.ByStateAsync(span.From, span.To, cancellationToken);
        IReadOnlyDictionary<RestorePointState, long> now = await session.RestorePoints.CountByStateAsync(machine: null, cancellationToken);
        BackupSums? good = sums.GetValueOrDefault(RestorePointState.Success);
        return new BackupStatsView(
            good?.Points ?? 0,
            sums.GetValueOrDefault(RestorePointState.Failed)?.Points ?? 0,
            sums.GetValueOrDefault(RestorePointState.Cancelled)?.Points ?? 0,
            now.GetValueOrDefault(RestorePointState.Running),
            now.GetValueOrDefault(RestorePointState.Pending),
            good?.ChangedBytes ?? 0,
            good?.StoredBytes ?? 0);
    }

    private static async Task<VerificationView> VerificationAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        VerificationSums sums = await session.Statistics.VerificationAsync(cancellationToken);
        return new VerificationView(sums.Good, sums.NotVerified, sums.Damaged, sums.LastVerifiedAt, sums.LastRestoredAt);
    }

    public static async Task<List<DestinationSpaceView>> DestinationsAsync(CatalogSession session, DateTimeOffset now, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<Guid, StoredSpan> growth = await session.Statistics.StoredByDestinationAsync(
            now - DateTimeOffset.UnixEpoch > GrowthSpan ? now - GrowthSpan : DateTimeOffset.UnixEpoch, now, cancellationToken);
        ListPage<Destination> all = await session.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        return
        [
            .. all.Rows.Select(destination => new DestinationSpaceView(
                destination.Guid, destination.Name, destination.UsedBytes, destination.AvailableBytes, destination.LogicalBytes,
                DaysUntilFull(destination.AvailableBytes, growth.GetValueOrDefault(destination.Guid), now))),
        ];
    }

    /// <summary>Null when nothing was stored, or for less than a day: a trend takes time.</summary>
    private static double? DaysUntilFull(long availableBytes, StoredSpan? stored, DateTimeOffset now)
    {
        double days = stored is null ? 0 : (now - stored.Since).TotalDays;
        return stored is not { Bytes: > 0 } || days < 1 ? null : Math.Round(Math.Max(0, availableBytes) / (stored.Bytes / days), 1);
    }
}

/// <summary>A report as it is written down.</summary>
/// <param name="Appliance">Name of the appliance; empty when nobody named it.</param>
/// <param name="MadeAt">When it was made.</param>
/// <param name="Report">What was done and what needs a look.</param>
/// <param name="Machines">Machines that were backed up, the most stored first; at most <see cref="Report.MachinesMax"/>.</param>
/// <param name="Policies">Names of their policies.</param>
internal sealed record WrittenReport(string Appliance, DateTimeOffset MadeAt, ReportView Report, IReadOnlyList<MachineSums> Machines, NameLookup Policies);
