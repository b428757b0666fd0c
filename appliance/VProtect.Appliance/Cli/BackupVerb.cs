using System.CommandLine;
using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Qemu;
using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect backup</c></summary>
internal static class BackupVerb
{
    /// <summary>Of --compact: stores about 5 % less than level 1 at a third of its speed.</summary>
    private const int CompactZstdLevel = 6;

    public static Verb New(CommonOptions common, Terminal terminal)
    {
        var sources = new Argument<string[]>("SOURCE")
        {
            Description = "A disk: a file (raw, qcow2, vmdk, vhdx, vhd, vdi), a block device, an NBD URI (nbd://host/export, nbd+unix:///export?socket=/path), or - for standard input.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> repo = CommonOptions.NewRepo();
        var machine = new Option<string>("--machine", "-m") { Description = "The machine it is of: restore points of one name form one history.", HelpName = "NAME", Required = true };
        var disks = new Option<string[]>("--disk", "-d") { Description = "Name of the disk; the n-th names the n-th SOURCE. Default disk0, disk1, …", HelpName = "NAME" };
        var bitmap = new Option<string?>("--bitmap") { Description = "QEMU dirty bitmap of the NBD export that began at the parent restore point: only what it marks is read.", HelpName = "NAME" };
        var nextBitmap = new Option<string?>("--next-bitmap") { Description = "Dirty bitmap that begins at this backup, for the next one to name with --bitmap.", HelpName = "NAME" };
        var compare = new Option<bool>("--compare") { Description = "Read everything and store only what differs, whatever the source can tell." };
        var parent = new Option<string?>("--parent") { Description = "Restore point that the changes are relative to. Default: the machine's latest.", HelpName = "ID" };
        Option<ImageFormat?> format = Formats.NewOption("Format of the SOURCE files. Default: told by their content.");
        var label = new Option<string?>("--label") { Description = "A remark kept with the restore point.", HelpName = "TEXT" };
        var level = new Option<int?>("--level") { Description = "zstd level, -7 to 19. Default 1.", HelpName = "N" };
        var compact = new Option<bool>("--compact") { Description = $"Store less and take longer: zstd level {CompactZstdLevel}." };
        Option<string?> reserve = Reserve.NewOption();
        return new Verb(
            "backup",
            "Backs up disks of one machine as one restore point. Only what the repository does not hold yet is stored, and with a dirty bitmap only what changed is read.")
        {
            sources, repo, machine, disks, bitmap, nextBitmap, compare, parent, format, label, level, compact, reserve,
        }
        .WithExamples(
            ("vprotect backup disk.qcow2 --repo /backup/repo --machine web1", "an image file"),
            ("vprotect backup nbd://localhost/vda --repo /backup/repo --machine web1 --bitmap b0 --next-bitmap b1", "a running QEMU disk, only what changed since bitmap b0 began"),
            ("vprotect backup /dev/vg0/root /dev/vg0/data --disk root --disk data --machine web1", "two disks, of VPROTECT_REPOSITORY"))
        .Doing(common, terminal, (invocation, cancellationToken) =>
        {
            ParseResult parsed = invocation.Parsed;
            int zstdLevel = parsed.GetValue(level) ?? (parsed.GetValue(compact) ? CompactZstdLevel : new BackupOptions().ZstdLevel);
            if (zstdLevel is < -7 or > 19)
            {
                throw Invocation.BadArgument($"There is no zstd level {zstdLevel}.", "Correct --level: -7 (fastest) to 19 (smallest).");
            }

            var order = new Order(
                NameDisks(parsed.GetRequiredValue(sources), parsed.GetValue(disks) ?? []),
                NonEmpty(parsed.GetRequiredValue(machine), "--machine"),
                new SourceOptions { Bitmap = parsed.GetValue(bitmap), NextBitmap = parsed.GetValue(nextBitmap), Format = parsed.GetValue(format) },
                parsed.GetValue(compare), parsed.GetValue(parent), parsed.GetValue(label), zstdLevel, Reserve.BytesOf(invocation, reserve));
            return RunAsync(invocation, parsed.GetValue(repo), order, cancellationToken);
        });
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, Order order, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();

        // Connecting to sources, opening the index and deriving the key wait for different things: all at once.
        Task<OpenedSources> openingSources = Task.Run(
            () => OpenedSources.OpenAsync(order.Disks, order.SourceOptions, cancellationToken), cancellationToken);
        Task<OpenedRepository> openingRepository = RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        await Task.WhenAll(openingSources, openingRepository).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await using OpenedSources? sources = openingSources.IsCompletedSuccessfully ? await openingSources : null;
        await using OpenedRepository? opened = openingRepository.IsCompletedSuccessfully ? await openingRepository : null;
        if (sources is null || opened is null)
        {
            await openingRepository;
            await openingSources;
            throw new UnreachableException();
        }

        if (opened.Index.Index.StartedEmptyBecause is not null)
        {
            await opened.SynchronizeAsync(invocation, cancellationToken);
        }

        var request = new BackupRequest
        {
            Machine = order.Machine,
            Disks = sources.Disks,
            Compare = order.Compare,
            Label = order.Label,
            OnWarning = invocation.Warn,
            Parent = order.Parent is null ? null : await FindParentAsync(opened.Repository, order, cancellationToken),
        };
        try
        {
            return await RunAsync(
                invocation, opened, request, new BackupOptions { ZstdLevel = order.ZstdLevel, ReserveBytes = order.ReserveBytes }, started, cancellationToken);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("interrupted; what was stored will be used by the next backup", e, cancellationToken);
        }
    }

    private static async Task<int> RunAsync(
        Invocation invocation, OpenedRepository opened, BackupRequest request, BackupOptions options, long started, CancellationToken cancellationToken)
    {
        var counters = new BackupCounters();
        var pipeline = new BackupPipeline(opened.Chunks, options, counters, TimeProvider.System);
        RestorePoint point = await ProgressDisplay.RunAsync(
            invocation, () => BackupSummary.SampleOf(counters), () => pipeline.RunAsync(request, cancellationToken));
        await opened.Index.CheckpointAsync(invocation.Warn);
        BackupSummary.Write(invocation, point, counters, Stopwatch.GetElapsedTime(started));
        return ExitCodes.Success;
    }

    private static async Task<string> FindParentAsync(Repository repository, Order order, CancellationToken cancellationToken) =>
        (await repository.FindPointAsync(order.Parent!, order.Machine, cancellationToken)).Id;

    private static List<(string Name, string Source)> NameDisks(string[] sources, string[] names)
    {
        if (names.Length > sources.Length)
        {
            throw Invocation.BadArgument($"There are {names.Length} disk names for {Quantity.Of(sources.Length, "source")}.", "Give one --disk for each SOURCE, in the same order.");
        }

        var disks = new List<(string Name, string Source)>();
        for (int i = 0; i < sources.Length; i++)
        {
            disks.Add((i < names.Length ? NonEmpty(names[i], "--disk") : $"disk{i}", NonEmpty(sources[i], "SOURCE")));
        }

        string? twice = disks.GroupBy(disk => disk.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.Key;
        return twice is not null ? throw Invocation.BadArgument($"Two disks are named '{twice}'.", "Give each SOURCE a --disk of its own.")
            : disks.Count(disk => disk.Source == "-") > 1 ? throw Invocation.BadArgument("Standard input can be one disk only.", "Name - once.")
            : disks;
    }

    private static string NonEmpty(string text, string what) =>
        string.IsNullOrWhiteSpace(text) ? throw Invocation.BadArgument($"{what} is empty.", "See 'vprotect backup --help'.") : text;

    private sealed record Order(
        IReadOnlyList<(string Name, string Source)> Disks, string Machine, SourceOptions SourceOptions, bool Compare, string? Parent,
        string? Label, int ZstdLevel, long? ReserveBytes);
}
