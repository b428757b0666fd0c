namespace VProtect.Catalog.Statistics;

/// <summary>The restore points of a machine added up.</summary>
/// <param name="MachineGuid">Machine.</param>
/// <param name="Name">Its name.</param>
/// <param name="TenantId">Its tenant.</param>
/// <param name="PolicyGuid">The backup policy that it shows.</param>
/// <param name="Sums">The sums.</param>
public sealed record MachineSums(Guid MachineGuid, string Name, string? TenantId, Guid? PolicyGuid, BackupSums Sums);
