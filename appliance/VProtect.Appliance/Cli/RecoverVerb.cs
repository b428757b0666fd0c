using System.CommandLine;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Node.Rebuild;
using VProtect.Node.Repositories;
using VProtect.Server.Rebuild;

namespace VProtect.Appliance.Cli;

/// <summary>
/// <c>vprotect recover</c>: an appliance that is lost, made again of what a repository has. All is made in a directory inside the data directory, which may be a file system of its own, and moves up
/// with the catalog last: a recovery that was cut off, even then, leaves no appliance, is not served, and is begun again.
/// </summary>
internal static class RecoverVerb
{
    private const string Unfinished = ".recovering";
    private const string LockName = ".recovering.lock";
    private const string Catalog = "catalog.db";

    /// <summary>What moves up before the catalog does.</summary>
    private static readonly string[] Parts = ["audit.head", "secret.key", "secret.key.next", "tls"];

    /// <summary>Refuses a directory in which a recovery was cut off: it has keys, but no catalog that they belong to.</summary>
    /// <exception cref="VProtectException">It is one.</exception>
    public static void RequireNotCutOff(string data)
    {
        if (IsCutOff(data))
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"--data: a recovery into '{data}' goes on or was cut off.", "Let it end, or run 'vprotect recover' again: it begins anew.");
        }
    }

    public static Verb New(CommonOptions common, Terminal terminal)
    {
        var repository = new Option<string?>("--repository", "--repo", "-r")
        {
            Description = "The repository: a directory, file:// URL, or s3://BUCKET/PREFIX. Otherwise VPROTECT_REPOSITORY. It is opened by its recovery key, or its pass phrase.",
            HelpName = "REPO",
        };
        var data = new Option<string>("--data")
        {
            Description = $"Data directory of the appliance that is made; it must not hold one. Otherwise {ServeVerb.DefaultData}.",
            HelpName = "DIR",
            DefaultValueFactory = _ => ServeVerb.DefaultData,
        };
        var copy = new Option<string?>("--copy") { Description = "Which copy, by the beginning of its id ('vprotect list --machine @appliance-…' shows them). Otherwise the newest.", HelpName = "ID" };
        var appliance = new Option<Guid?>("--appliance") { Description = "Which appliance, when the repository has copies of several.", HelpName = "GUID" };
        var restorePoints = new Option<bool>("--from-restore-points") { Description = "Take no copy, although there is one: the new appliance knows machines and restore points of this repository, nothing else." };
        return new Verb(
            "recover",
            "Makes a lost appliance again: catalog, policies, users and keys from the newest copy that the repository has; without one, its machines and restore points.")
        {
            repository, data, copy, appliance, restorePoints,
        }
        .WithExamples(
            ("vprotect recover --repository /backup/repo --data /var/lib/vprotect", "asks for the recovery key; then: vprotect serve"),
            ("vprotect recover --repository /backup/repo --data ./data --key-file recovery.key", "without asking"))
        .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
            invocation, invocation.Parsed.GetValue(repository), invocation.Parsed.GetRequiredValue(data), invocation.Parsed.GetValue(copy),
            invocation.Parsed.GetValue(appliance), invocation.Parsed.GetValue(restorePoints), cancellationToken));
    }

    private static async Task<int> RunAsync(
        Invocation invocation, string? place, string data, string? id, Guid? appliance, bool takesNoCopy, CancellationToken cancellationToken)
    {
        data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));
        RequireEmpty(data);
        string location = invocation.RepositoryPlace(place);
        (OpenedRepository opened, Secret? secret) = await RepositoryOpening.OpenWithIndexAndSecretAsync(invocation, place, cancellationToken);
        await using (opened)
        {
            IReadOnlyList<RestorePoint> points = (await opened.Repository.ReadPointsAsync(cancellationToken)).Points;
            RestorePoint? copy = takesNoCopy ? null : Choose(points, id, appliance);
            string made = Path.Join(data, Unfinished);
            using FileStream alone = Lock(data);
            RequireEmpty(data);
            RemoveParts(data);
            Remove(made);
            try
            {
                RecoveredAppliance recovered = copy is null
                    ? await RebuildAsync(invocation, opened.Repository, made, location, secret, cancellationToken)
                    : await ReadAsync(invocation, opened, copy, LatestLife(points, copy), made, location, cancellationToken);
                MoveUp(made, data);
                Tell(invocation, recovered, copy, data);
            }
            finally
            {
                Remove(made);
            }
        }

        return ExitCodes.Success;
    }

    private static async Task<RecoveredAppliance> ReadAsync(
        Invocation invocation, OpenedRepository opened, RestorePoint copy, long latestLife, string made, string location, CancellationToken cancellationToken)
    {
        await opened.SynchronizeAsync(invocation, cancellationToken);
        var counters = new RestoreCounters();
        IReadOnlyList<ApplianceFile> files = await ProgressDisplay.RunAsync(
            invocation,
            () => new ProgressSample("recovering", counters.DoneBytes, counters.TotalBytes, counters.PlainBytes),
            () => ApplianceCopies.ReadAsync(opened.Chunks, copy, ApplianceRecovery.CatalogOf(made), counters, cancellationToken));
        return await ApplianceRecovery.FinishAsync(made, files, latestLife, opened.Repository.Id, Located(location), cancellationToken);
    }

    private static async Task<RecoveredAppliance> RebuildAsync(
        Invocation invocation, Repository repository, string made, string location, Secret? secret, CancellationToken cancellationToken)
    {
        string? text = secret is null ? null : secret.ToText() ?? throw Invocation.BadArgument(
            "The key file is no text, which a destination of an appliance is opened by.", "Use the recovery key, or the pass phrase.");
        RepositoryResult found = await RepositoryDescription.ReadAsync(repository, invocation.Warn, cancellationToken);
        return await ApplianceRecovery.RebuildAsync(made, Located(location), text, found, cancellationToken);
    }

    private static RestorePoint? Choose(IReadOnlyList<RestorePoint> points, string? id, Guid? appliance)
    {
        RestorePoint[] copies =
        [
            .. points.Where(point => ApplianceCopy.ApplianceOf(point.Machine) is { } whose && (appliance is null || whose == appliance)).OrderBy(point => point.CreatedAt),
        ];
        if (id is not null)
        {
            RestorePoint[] named = [.. copies.Where(copy => copy.Id.StartsWith(id, StringComparison.Ordinal))];
            return named.Length == 1 ? named[0] : throw Invocation.BadArgument(
                $"--copy: {(named.Length == 0 ? "no copy" : "more than one copy")} begins with '{id}'.", copies.Length == 0 ? "There are no copies at all." : $"There are: {string.Join(", ", copies.Select(copy => copy.Id[..8]))}.");
        }

        string[] several = [.. copies.GroupBy(copy => copy.Machine).Select(group => $"{ApplianceCopy.ApplianceOf(group.Key)} ({ApplianceCopy.NameOf(group.Last().Label)}, {SizeText.Of(group.Last().CreatedAt)})")];
        return several.Length > 1
            ? throw Invocation.BadArgument("The repository has copies of several appliances.", $"Say which with --appliance: {string.Join("; ", several)}.")
            : appliance is not null && copies.Length == 0
            ? throw Invocation.BadArgument($"--appliance: there is no copy of {appliance}.", "Leave it out to see what there is.")
            : copies.LastOrDefault();
    }

    /// <summary>The latest life that has left a copy: the one that begins now must be later.</summary>
    private static long LatestLife(IEnumerable<RestorePoint> points, RestorePoint copy) =>
        points.Where(point => point.Machine == copy.Machine).Max(point => ApplianceCopy.LifeOf(point.Label));

    private static void MoveUp(string made, string data)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(made).Where(entry => Path.GetFileName(entry) != Catalog).ToList())
        {
            Directory.Move(entry, Path.Join(data, Path.GetFileName(entry)));
        }

        // What the catalog needs is there for good before it is.
        DurableDirectory.Flush(data);
        File.Move(Path.Join(made, Catalog), Path.Join(data, Catalog));
        DurableDirectory.Flush(data);
    }

    private static void Tell(Invocation invocation, RecoveredAppliance recovered, RestorePoint? copy, string data)
    {
        if (invocation.IsJson)
        {
            JsonOutput.Write(invocation.Terminal, new RecoverDocument(
                data, recovered.Identity.Guid, recovered.Identity.Life, copy?.Id, copy?.CreatedAt, recovered.Machines, recovered.Points, recovered.Policies));
            return;
        }

        TextWriter writer = invocation.Terminal.Out;
        writer.WriteLine(copy is null ? $"Made an appliance in {data} of the repository's restore points: there is no copy of one." : $"Recovered the appliance in {data}");
        List<(string Name, string Value)> pairs = copy is null ? [] :
        [
            ("  of", $"{ApplianceCopy.NameOf(copy.Label)}, copied {SizeText.Of(copy.CreatedAt)}"),
            ("  life", recovered.Identity.Life.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("  policies", recovered.Policies.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ];
        pairs.Add(("  machines", recovered.Machines.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        pairs.Add(("  restore points", recovered.Points.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Listing.Write(writer, pairs);
        invocation.Note(copy is null
            ? "Users, policies, schedules and credentials have to be entered again; the first start tells the administrator's password."
            : "What was backed up since that copy is found when its destination is looked at. The lost appliance must not run again: both would keep and forget the same restore points.");
        invocation.Note($"Start it with: vprotect serve --data {data}");
    }

    private static bool IsCutOff(string data) => Directory.Exists(Path.Join(data, Unfinished)) && !File.Exists(Path.Join(data, Catalog));

    private static void RequireEmpty(string data)
    {
        // What a recovery that was cut off left, and what a new file system has, are nothing.
        string[] nothing = ["lost+found", LockName, Unfinished, .. IsCutOff(data) ? Parts : []];
        if (File.Exists(data) || (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any(entry => !nothing.Contains(Path.GetFileName(entry)))))
        {
            throw Invocation.BadArgument($"--data: '{data}' is not empty, and nothing is overwritten.", "Name another directory, or move that one away.");
        }
    }

    /// <summary>Keeps a second recovery out of the directory, for as long as what is returned is not disposed.</summary>
    private static FileStream Lock(string data)
    {
        bool isNew = !Directory.Exists(data);
        try
        {
            Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new FileStream(Path.Join(data, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invocation.BadArgument($"--data: '{data}' cannot be used: {exception.Message}", isNew ? "Name a directory that may be written." : "Let another recovery end that is at work there, or name another directory.");
        }
    }

    private static void RemoveParts(string data)
    {
        if (!IsCutOff(data))
        {
            return;
        }

        foreach (string part in Parts.Select(name => Path.Join(data, name)))
        {
            Remove(part);
            File.Delete(part);
        }
    }

    /// <summary>As a destination keeps it: whoever starts the appliance may be in another directory.</summary>
    private static string Located(string location) => location.Contains("://", StringComparison.Ordinal) ? location : Path.GetFullPath(location);

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
