using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Policies;
using VProtect.Catalog.RestorePoints;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Destinations;
using VProtect.Server.Hosting;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Outcomes;

namespace VProtect.Server.Rebuild;

/// <summary>Makes the data directory of an appliance of what a repository has of it. Nobody else may use the directory meanwhile.</summary>
public static class ApplianceRecovery
{
    /// <summary>Where a copy's catalog goes in a data directory.</summary>
    public static string CatalogOf(string dataPath) => DataDirectory.Open(dataPath).Catalog;

    /// <summary>Makes an appliance of a copy whose catalog is in its place already: its next life begins, and the repository is known where it lies now.</summary>
    /// <param name="dataPath">The directory.</param>
    /// <param name="files">The copy's small files.</param>
    /// <param name="latestLife">The latest life that the repository tells of.</param>
    /// <param name="repositoryId">The repository that the copy is in.</param>
    /// <param name="location">Where that is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Abstractions.VProtectException">The catalog is damaged, or of a later version.</exception>
    public static async Task<RecoveredAppliance> FinishAsync(
        string dataPath, IReadOnlyList<ApplianceFile> files, long latestLife, string repositoryId, string location, CancellationToken cancellationToken)
    {
        DataDirectory data = DataDirectory.Open(dataPath);
        _ = data.Tls;
        foreach (ApplianceFile file in files)
        {
            if (Path.GetFullPath(Path.Join(data.Path, file.Name)) is var path && path.StartsWith(data.Path + "/", StringComparison.Ordinal) && Directory.Exists(Path.GetDirectoryName(path)))
            {
                PrivateFile.Write(path, file.Content.Span);
            }
        }

        await using CatalogDatabase catalog = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = data.Catalog }, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        ApplianceIdentity identity = await ApplianceIdentities.NextLifeAsync(transaction, latestLife, cancellationToken);
        foreach (Destination destination in (await transaction.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken)).Rows)
        {
            string settings = SettingsOf(location);
            if (destination.RepositoryId == repositoryId && destination.Settings != settings)
            {
                await transaction.Destinations.UpdateAsync(destination with { Settings = settings }, cancellationToken);
            }
        }

        RecoveredAppliance recovered = await CountAsync(transaction, identity, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return recovered;
    }

    /// <summary>Makes an appliance that knows the restore points of a repository, and nothing else: there is no copy.</summary>
    /// <param name="dataPath">The directory.</param>
    /// <param name="location">Where the repository is.</param>
    /// <param name="passphrase">What opens it; null when it is not encrypted.</param>
    /// <param name="found">What it holds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RecoveredAppliance> RebuildAsync(
        string dataPath, string location, string? passphrase, RepositoryResult found, CancellationToken cancellationToken)
    {
        DataDirectory data = DataDirectory.Open(dataPath);
        var box = SecretBox.Open(data.SecretKey);
        var destination = new Destination
        {
            Name = "recovered",
            Type = S3Place.Is(location) ? DestinationWriting.ObjectService : DestinationWriting.FileSystem,
            Settings = SettingsOf(location),
            RepositoryId = found.RepositoryId,
            VisibleForAll = true,
            IsDefault = true,
        };
        if (passphrase is not null)
        {
            destination = destination with { SealedKey = box.Seal(Encoding.UTF8.GetBytes(passphrase), References.PurposeOfDestination(destination.Guid)) };
        }

        await using CatalogDatabase catalog = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = data.Catalog }, cancellationToken);
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        await transaction.Destinations.InsertAsync(destination, cancellationToken);
        await new RepositoryReconciliation(NullLogger<RepositoryReconciliation>.Instance).ApplyAsync(
            transaction, destination, found, DateTimeOffset.UtcNow, cancellationToken);
        RecoveredAppliance recovered = await CountAsync(transaction, await ApplianceIdentities.OfAsync(transaction, cancellationToken), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return recovered;
    }

    private static string SettingsOf(string location) => JsonSerializer.Serialize(new Dictionary<string, string> { ["path"] = location });

    private static async Task<RecoveredAppliance> CountAsync(CatalogSession session, ApplianceIdentity identity, CancellationToken cancellationToken)
    {
        var one = new ListQuery { Size = 1 };
        return new RecoveredAppliance(
            identity,
            (await session.Machines.ListAsync(new MachineFilter(), one, cancellationToken)).Total,
            (await session.RestorePoints.ListAsync(new RestorePointFilter(), one, cancellationToken)).Total,
            (await session.Policies.ListAsync(PolicyKind.VmBackup, tenant: null, one, cancellationToken)).Total);
    }
}

/// <summary>What was recovered.</summary>
/// <param name="Identity">Which appliance, and which life of it.</param>
/// <param name="Machines">Machines that it knows.</param>
/// <param name="Points">Restore points that it knows.</param>
/// <param name="Policies">Backup policies.</param>
public sealed record RecoveredAppliance(ApplianceIdentity Identity, long Machines, long Points, long Policies);
