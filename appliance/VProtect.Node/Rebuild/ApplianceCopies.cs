using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Deliver.BlockTarget;
using VProtect.Mover.Documents;
using VProtect.Mover.Qemu;
using VProtect.Mover.Store;

namespace VProtect.Node.Rebuild;

/// <summary>Copies of appliances in a repository (mover/FORMAT.md, section 2.4): what writes them beside what reads them.</summary>
public static class ApplianceCopies
{
    private const int Version = 1;
    private const string JsonType = "application/json";
    private const string OctetStream = "application/octet-stream";

    /// <summary>Copies of an appliance that a repository has, oldest first.</summary>
    /// <param name="points">All its restore points.</param>
    /// <param name="appliance">Which.</param>
    public static IReadOnlyList<RestorePoint> Of(IEnumerable<RestorePoint> points, Guid appliance)
    {
        string history = ApplianceCopy.HistoryOf(appliance);
        return [.. points.Where(point => point.Machine == history).OrderBy(point => point.Sequence)];
    }

    /// <summary>
    /// Refuses an appliance of which a later life has left a copy here, or a twin: of two recoveries that began the same life, the one whose copy is the first is
    /// the appliance. Both come to the same, whatever their clocks tell, for copies are ordered by number and id.
    /// </summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ApplianceSuperseded"/>.</exception>
    public static void RequireNewest(IReadOnlyCollection<RestorePoint> copies, ApplianceIdentity identity)
    {
        RestorePoint? other = copies.LastOrDefault(copy => ApplianceCopy.LifeOf(copy.Label) > identity.Life)
            ?? copies.Where(copy => ApplianceCopy.LifeOf(copy.Label) == identity.Life).OrderBy(copy => copy.Sequence).ThenBy(copy => copy.Id, StringComparer.Ordinal)
                .Take(1).FirstOrDefault(first => IsOfTwin(first, identity));
        if (other is not null)
        {
            throw Superseded(ApplianceCopy.NameOf(other.Label), other.CreatedAt);
        }
    }

    /// <summary>The same of whoever uses a repository, before what makes or forgets restore points.</summary>
    /// <param name="points">All its restore points.</param>
    /// <param name="repository">Names the appliance; without one nothing is refused.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ApplianceSuperseded"/>.</exception>
    internal static void RequireNewest(IEnumerable<RestorePoint> points, RepositoryReference repository)
    {
        if (repository.Appliance is { } identity)
        {
            RequireNewest(Of(points, identity.Guid), identity);
        }
    }

    /// <summary>Whether a copy is of another recovery that began the same life.</summary>
    public static bool IsOfTwin(RestorePoint copy, ApplianceIdentity identity) =>
        ApplianceCopy.LifeOf(copy.Label) == identity.Life && ApplianceCopy.MarkOf(copy.Label) != identity.Mark;

    /// <summary>Keeps a copy.</summary>
    /// <param name="chunks">Where; its repository must be encrypted.</param>
    /// <param name="identity">Whose.</param>
    /// <param name="catalogPath">The catalog, a file that nobody writes to.</param>
    /// <param name="files">What else belongs to it.</param>
    /// <param name="options">How much of this machine is used.</param>
    /// <param name="counters">Told how it goes.</param>
    /// <param name="warn">Told of trouble that does not stop it.</param>
    /// <param name="cancellationToken">Ends it; then there is no copy.</param>
    /// <returns>The copy, durable.</returns>
    /// <exception cref="VProtectException">It failed, or the repository is not encrypted.</exception>
    public static async Task<RestorePoint> StoreAsync(
        ChunkStore chunks, ApplianceIdentity identity, string catalogPath, IReadOnlyList<ApplianceFile> files, BackupOptions options, BackupCounters counters,
        Action<string> warn, CancellationToken cancellationToken)
    {
        if (!chunks.Repository.IsEncrypted)
        {
            throw new VProtectException(
                ErrorCode.RepositoryInvalid, ErrorSide.Repository, "A copy of the appliance holds its secrets, and this repository is not encrypted.",
                "Choose a destination that is encrypted (setting applianceBackupDestination).");
        }

        byte[] record = JsonSerializer.SerializeToUtf8Bytes(
            new CopyRecord(Version, identity.Guid, identity.Life, identity.Name, ProductVersion.Text), CopyJson.Default.CopyRecord);
        await using IBlockSource source = await BlockSourceFactory.OpenAsync(catalogPath, new SourceOptions { Format = ImageFormat.Raw }, cancellationToken);
        var request = new BackupRequest
        {
            Machine = ApplianceCopy.HistoryOf(identity.Guid),
            Disks = [new BackupDisk(ApplianceCopy.CatalogDisk, source)],
            Label = ApplianceCopy.LabelOf(identity),
            Documents =
            [
                new PointDocument(ApplianceCopy.IdentityDocument, JsonType, record),
                .. files.Select(file => new PointDocument(file.Name, OctetStream, file.Content)),
            ],
            OnWarning = warn,
        };
        return await new BackupPipeline(chunks, options, counters, TimeProvider.System).RunAsync(request, cancellationToken);
    }

    /// <summary>Brings a copy's catalog back, every byte checked.</summary>
    /// <param name="chunks">Where the copy is.</param>
    /// <param name="copy">Which.</param>
    /// <param name="catalogPath">A new file.</param>
    /// <param name="counters">Told how it goes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The small files.</returns>
    /// <exception cref="IntegrityException">It is damaged, or no copy of an appliance.</exception>
    public static async Task<IReadOnlyList<ApplianceFile>> ReadAsync(
        ChunkStore chunks, RestorePoint copy, string catalogPath, RestoreCounters counters, CancellationToken cancellationToken)
    {
        RestorePointDisk disk = copy.MachineDisks.FirstOrDefault(disk => disk.Name == ApplianceCopy.CatalogDisk)
            ?? throw new IntegrityException($"Restore point {copy.Id[..8]} holds no catalog.");
        IReadOnlyList<PointDocument> documents = await DocumentReading.ReadAsync(chunks, copy, cancellationToken);
        RequireKnown(copy, documents);
        await using IBlockTarget target = await BlockTargetFactory.OpenAsync(
            catalogPath, new TargetOptions { SizeBytes = disk.SizeBytes, Format = ImageFormat.Raw }, cancellationToken);
        await new RestorePipeline(chunks, new RestoreOptions(), counters).RunAsync(disk, target, differential: false, cancellationToken);
        await target.CompleteAsync(cancellationToken);
        return [.. documents.Where(document => document.Name != ApplianceCopy.IdentityDocument).Select(document => new ApplianceFile(document.Name, document.Content))];
    }

    /// <summary>This appliance is not the one any more.</summary>
    internal static VProtectException Superseded(string? name, DateTimeOffset since) => new(
        ErrorCode.ApplianceSuperseded, ErrorSide.Repository,
        $"This appliance was recovered elsewhere ({name ?? "unknown"}) before {since:u}, and that one has taken its place: this one backs up and forgets nothing there, keeps no more copies of itself, and starts nothing by its schedules.",
        "Stop this one. If it is the one that is to go on, stop the other. Then recover into a new data directory here (vprotect recover), or, where the other was only a trial, forget its copies: vprotect list --machine HISTORY shows them (HISTORY is @appliance- and the appliance's guid), vprotect forget ID; schedules go on with the next copy or backup there.");

    private static void RequireKnown(RestorePoint copy, IReadOnlyList<PointDocument> documents)
    {
        try
        {
            PointDocument document = documents.First(document => document.Name == ApplianceCopy.IdentityDocument);
            CopyRecord? record = JsonSerializer.Deserialize(document.Content.Span, CopyJson.Default.CopyRecord);
            if (record?.Version == Version && ApplianceCopy.HistoryOf(record.Appliance) == copy.Machine)
            {
                return;
            }

            if (record?.Version > Version)
            {
                throw new VProtectException(
                    ErrorCode.CatalogTooNew, ErrorSide.Catalog, $"The copy {copy.Id[..8]} was made by a later version, {record.Software}.", "Recover with that version.");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Told below.
        }

        throw new IntegrityException($"Restore point {copy.Id[..8]} does not say whose copy it is.");
    }
}
