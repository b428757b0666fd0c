using System.Globalization;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Backups;

/// <summary>A restore point as clients see it, who call it a backup. Bytes, milliseconds.</summary>
internal sealed record BackupView
{
    public required Guid Guid { get; init; }

    public NameAndGuid? ProtectedEntity { get; init; }

    public NameAndGuid? BackupDestination { get; init; }

    public required BackupType Type { get; init; }

    public required RestorePointState Status { get; init; }

    public string? StatusInfo { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset BackupTime { get; init; }

    /// <summary>The instant that it shows.</summary>
    public DateTimeOffset? SnapshotTime { get; init; }

    public DateTimeOffset? FinishTime { get; init; }

    /// <summary>Size of its disks.</summary>
    public required long Size { get; init; }

    /// <summary>Read from the source.</summary>
    public required long TransferSize { get; init; }

    /// <summary>Of it new to the destination.</summary>
    public required long NewSize { get; init; }

    /// <summary>Of it after compression.</summary>
    public required long StoredSize { get; init; }

    public NameAndGuid? Policy { get; init; }

    public NameAndGuid? Rule { get; init; }

    public DestinationRole? RoleType { get; init; }

    public bool Mountable { get; init; }

    public int Warnings { get; init; }

    public bool WarningsAcknowledged { get; init; }

    public string? Description { get; init; }

    public required RetentionHint RetentionHint { get; init; }

    public bool Held { get; init; }

    public string? HoldReason { get; init; }

    public DateTimeOffset? LockedUntil { get; init; }

    public required VerifyState VerifyState { get; init; }

    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>Its identity in the repository.</summary>
    public string? RepositoryPointId { get; init; }

    /// <summary>The appliance that it belongs to, which joined this one; null for its own.</summary>
    public NameAndGuid? Appliance { get; init; }

    /// <summary>Views of these restore points, in their order.</summary>
    public static async Task<List<BackupView>> OfAsync(CatalogSession session, IReadOnlyCollection<RestorePoint> points, CancellationToken cancellationToken)
    {
        var names = new Names();
        await names.AddAsync(session.Machines, points.Select(point => (Guid?)point.MachineGuid), cancellationToken);
        await names.AddAsync(session.Destinations, points.Select(point => (Guid?)point.DestinationGuid), cancellationToken);
        await names.AddAsync(session.Policies, points.Select(point => point.PolicyGuid), cancellationToken);
        await names.AddAsync(session.Rules, points.Select(point => point.RuleGuid), cancellationToken);
        await names.AddAsync(session.Nodes, points.Select(point => point.ApplianceGuid), cancellationToken);
        return [.. points.Select(point => Of(point, names))];
    }

    private static BackupView Of(RestorePoint point, Names names) => new()
    {
        Guid = point.Guid,
        ProtectedEntity = names.Of(point.MachineGuid),
        BackupDestination = names.Of(point.DestinationGuid),
        Type = point.Type,
        Status = point.State,
        StatusInfo = point.StatusInfo,
        BackupTime = point.CreatedAt,
        SnapshotTime = point.SnapshotAt,
        FinishTime = point.FinishedAt,
        Size = point.SizeBytes,
        TransferSize = point.ChangedBytes,
        NewSize = point.NewBytes,
        StoredSize = point.StoredBytes,
        Policy = names.Of(point.PolicyGuid),
        Rule = names.Of(point.RuleGuid),
        RoleType = point.Role,
        Mountable = point.State == RestorePointState.Success,
        Warnings = point.Warnings,
        WarningsAcknowledged = point.WarningsAcknowledged,
        Description = point.Description,
        RetentionHint = point.RetentionHint,
        Held = point.Held,
        HoldReason = point.HoldReason,
        LockedUntil = point.LockedUntil,
        VerifyState = point.VerifyState,
        VerifiedAt = point.VerifiedAt,
        RepositoryPointId = point.RepositoryPointId,
        Appliance = names.Of(point.ApplianceGuid),
    };

    /// <summary>A backup where only a name is shown: its instant and type.</summary>
    public static NameAndGuid ReferenceTo(RestorePoint point) => new(
        point.Guid, string.Create(CultureInfo.InvariantCulture, $"{point.SnapshotAt ?? point.CreatedAt:yyyy-MM-dd'T'HH:mm:ss'Z'} {ApiName.Of(point.Type)}"));
}
