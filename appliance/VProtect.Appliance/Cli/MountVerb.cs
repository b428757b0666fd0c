using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions.Nodes;
using VProtect.Mover;
using VProtect.Mover.Store;
using VProtect.Mover.View;
using VProtect.Mover.View.Iscsi;
using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect mount</c></summary>
internal static class MountVerb
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    public static Verb New(CommonOptions common, Terminal terminal)
    {
        Argument<string> id = RestorePoints.NewArgument("ID");
        Option<string?> repo = CommonOptions.NewRepo();
        Option<string?> machine = RestorePoints.NewMachineOption();
        var disk = new Option<string?>("--disk", "-d") { Description = "Only this disk. Default: all of the restore point, each an export of its name.", HelpName = "NAME" };
        var listen = new Option<string>("--listen", "-l") { Description = $"Where clients connect: unix:/path, an IP address with or without a port, or tcp for all addresses. Default {MountListening.Default}, port {NbdUri.DefaultPort}.", HelpName = "WHERE", DefaultValueFactory = _ => MountListening.Default };
        var overlay = new Option<string?>("--overlay") { Description = "File that takes what clients write, made when missing, kept for the next time. Without it the disks are read-only. With several disks, one file for each: FILE-DISK.", HelpName = "FILE" };
        var commit = new Option<bool>("--commit") { Description = "Serve nothing: store what the overlay holds as a new restore point of the machine. The overlay may be deleted then." };
        var label = new Option<string?>("--label") { Description = "With --commit: a remark kept with the restore point.", HelpName = "TEXT" };
        var tls = new Option<string?>("--tls-certificates") { Description = "Directory with ca-cert.pem, server-cert.pem and server-key.pem: over TCP only clients with a certificate of that authority are let in.", HelpName = "DIR" };
        var allow = new Option<string[]>("--allow") { Description = "Network that may connect over TCP, as in 192.0.2.0/24. May be given several times.", HelpName = "CIDR" };
        var iscsi = new Option<bool>("--iscsi") { Description = $"As logical units of an iSCSI target, in place of NBD. Needs root and the Debian package tgt. Port {IscsiWishes.DefaultPort} then, and --allow takes names of initiators (iqn.…) too: they must come from the networks, if there are any." };
        var chap = new Option<string?>("--chap") { Description = "With --iscsi: file with a user and a secret in a line, which initiators must know (CHAP); in a second line, what the target shows (mutual CHAP).", HelpName = "FILE" };
        var cache = new Option<string?>("--cache") { Description = "Memory for what was read lately. Default 256 MiB.", HelpName = "SIZE" };
        var fileCache = new Option<string?>("--file-cache") { Description = "Local disk for what was read from object storage, in the directory of --state; gone when this ends. Default 4 GiB, and never more than a tenth of what is free; 0 for none.", HelpName = "SIZE" };
        return new Verb(
            "mount",
            "Serves the disks of a restore point over NBD until it is interrupted. Opens at once, whatever the size; every byte is checked before it is given out.")
        {
            id, repo, machine, disk, listen, overlay, commit, label, tls, allow, iscsi, chap, cache, fileCache,
        }
        .WithExamples(
            ("vprotect mount latest --machine web1 --repo /backup/repo", "read-only at nbd://127.0.0.1:10809/disk0"),
            ("vprotect mount 1279aad5 --repo /backup/repo --listen unix:/run/web1.sock --overlay web1.overlay", "writable, for QEMU: nbd+unix:///disk0?socket=/run/web1.sock"),
            ("vprotect mount 1279aad5 --repo /backup/repo --overlay web1.overlay --commit --label repaired", "what was written, as the machine's next restore point"),
            ("vprotect mount latest --repo /backup/repo --listen tcp --tls-certificates /etc/pki/nbd --allow 192.0.2.0/24", "to a network, over TLS with client certificates"),
            ("vprotect mount latest --repo /backup/repo --iscsi --listen tcp --allow 192.0.2.0/24 --chap /etc/vprotect/chap", "to initiators of a network, over iSCSI"))
        .Doing(common, terminal, (invocation, cancellationToken) =>
        {
            ParseResult parsed = invocation.Parsed;
            string? tlsDirectory = parsed.GetValue(tls);
            bool isIscsi = parsed.GetValue(iscsi);
            string[] allowed = parsed.GetValue(allow) ?? [];
            string[] names = isIscsi ? [.. allowed.Where(IscsiAccess.IsName)] : [];
            if (isIscsi ? tlsDirectory is not null : parsed.GetValue(chap) is not null)
            {
                throw Invocation.BadArgument("iSCSI has no TLS, and NBD no CHAP.", "Give --tls-certificates without --iscsi, or --chap with it.");
            }

            var options = new NbdServerOptions
            {
                AllowedClients = MountListening.ParseNetworks(allowed.Except(names)),
                Tls = tlsDirectory is null ? null : NbdServerTls.InDirectory(tlsDirectory),
            };
            var order = new Order(
                parsed.GetRequiredValue(id), parsed.GetValue(machine), parsed.GetValue(disk),
                isIscsi ? MountListening.Parse(parsed.GetRequiredValue(listen), IscsiWishes.DefaultPort) : MountListening.Parse(parsed.GetRequiredValue(listen)),
                parsed.GetValue(overlay), parsed.GetValue(commit), parsed.GetValue(label), options, isIscsi ? IscsiWishes.Read(parsed.GetValue(chap), names) : null, CacheBytes(parsed.GetValue(cache)),
                FileOf(StateDirectory.Of(invocation), parsed.GetValue(fileCache)));
            if (order.IsCommit && order.Overlay is null)
            {
                throw Invocation.BadArgument("--commit stores what an overlay holds, and no --overlay was given.", "Name its file with --overlay.");
            }

            if (order.Iscsi is not null && order.Listening.EndPoint is null)
            {
                throw Invocation.BadArgument("iSCSI has no unix sockets.", "Correct --listen: an IP address with or without a port, or tcp.");
            }

            order.Listening.RequireProtection(options, order.Iscsi);
            return RunAsync(invocation, parsed.GetValue(repo), order, cancellationToken);
        });
    }

    private static async Task<int> RunAsync(Invocation invocation, string? place, Order order, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        await using OpenedRepository opened = await RepositoryOpening.OpenWithIndexAsync(invocation, place, cancellationToken);
        RestorePoint point = await opened.Repository.FindPointAsync(order.Id, order.Machine, cancellationToken);
        await opened.SynchronizeAsync(invocation, cancellationToken);
        using var loggers = new LoggerFactory([new TerminalLog(invocation.Terminal.Error, invocation.IsQuiet ? LogLevel.Warning : LogLevel.Information)]);
        long began = Stopwatch.GetTimestamp();
        int served = order.Disk is null ? point.MachineDisks.Count : 1;
        var options = new MountedDisksOptions
        {
            Names = order.Disk is null ? null : [order.Disk],
            OverlayOf = disk => order.Overlay is { } path ? Path.GetFullPath(served == 1 ? path : $"{path}-{disk}") : null,
            OpensAll = order.IsCommit,
        };
        using var cache = new ViewCache(new ViewOptions { CacheBytes = order.CacheBytes });
        cache.UseFile(order.FileCache, loggers.CreateLogger<ViewCache>(), TimeProvider.System);
        await using var disks = await MountedDisks.OpenAsync(
            opened.Chunks, opened.Repository, point, options, cache, loggers.CreateLogger<VirtualDisk>(), TimeProvider.System, cancellationToken);
        if (invocation.IsVerbose)
        {
            invocation.Note(string.Create(CultureInfo.InvariantCulture, $"opened in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0.0} ms"));
        }

        return order.IsCommit
            ? await CommitAsync(invocation, opened, disks, order.Label, started, cancellationToken)
            : order.Iscsi is null ? await ServeAsync(invocation, point, disks, order, loggers.CreateLogger<NbdServer>(), cancellationToken)
            : await ServeIscsiAsync(invocation, point, disks, order, order.Iscsi, loggers.CreateLogger<IscsiTarget>(), cancellationToken);
    }

    private static async Task<int> ServeAsync(
        Invocation invocation, RestorePoint point, MountedDisks disks, Order order, ILogger<NbdServer> log, CancellationToken cancellationToken)
    {
        await using var server = new NbdServer(order.Options, log, TimeProvider.System);
        disks.AddExportsTo(server, $"{point.Machine}, number {point.Sequence}, made {SizeText.Of(point.CreatedAt)}");
        NbdUri address = order.Listening.Begin(server);
        await TellAsync(invocation, point, disks, (disk, _) => (address with { ExportName = disk.Name }).ToString());
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await server.StopAsync(Grace);
        return ExitCodes.Success;
    }

    private static async Task<int> ServeIscsiAsync(
        Invocation invocation, RestorePoint point, MountedDisks disks, Order order, IscsiAccess access, ILogger<IscsiTarget> log, CancellationToken cancellationToken)
    {
        IPEndPoint portal = order.Listening.EndPoint!;
        string name = IscsiNames.OfTarget(point.Machine, point.Id[..16]);
        string place = Path.Combine(Path.GetTempPath(), $"vprotect-iscsi-{Environment.ProcessId}");
        await using IscsiTarget target = await IscsiTarget.StartAsync(
            new IscsiTargetOptions
            {
                WorkDirectory = place,
                Name = name,
                Portal = portal,
                Disks = disks.ToIscsi(order.Overlay is { } path ? Path.GetFullPath(path) : ""),
                AllowedClients = order.Options.AllowedClients.Count == 0 && access.AllowedNames.Count == 0 && !IPAddress.IsLoopback(portal.Address) ? MountListening.ParseNetworks(["0.0.0.0/0", "::/0"]) : order.Options.AllowedClients,
                Access = access,
            },
            log,
            TimeProvider.System,
            cancellationToken);
        string host = portal.Address.Equals(IPAddress.Any) || portal.Address.Equals(IPAddress.IPv6Any) ? Dns.GetHostName() : portal.Address.ToString();
        await TellAsync(invocation, point, disks, (_, index) => IscsiTarget.UriOf(host, portal.Port, name, index + 1));
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCodes.Success;
    }

    /// <summary>Says what is served, and where.</summary>
    private static async Task TellAsync(Invocation invocation, RestorePoint point, MountedDisks disks, Func<MountedDisk, int, string> uriOf)
    {
        var mounted = disks.Served.Select((disk, index) => new MountedDiskDocument(
            disk.Name, disk.Below.SizeBytes, uriOf(disk, index), disk.OverlayPath, disk.Overlay?.ChangedBytes)).ToList();
        TextWriter writer = invocation.Terminal.Out;
        if (invocation.IsJson)
        {
            JsonOutput.Write(writer, new MountDocument(point.Id, point.Machine, mounted));
        }
        else
        {
            writer.WriteLine($"Serving {point.Machine}, number {point.Sequence}, made {SizeText.Of(point.CreatedAt)}");
            Listing.Write(writer, ["  disk", ">size", ">changed", "at"], [.. mounted.Select(disk => (IReadOnlyList<string>)
                [$"  {disk.Disk}", SizeText.Of(disk.SizeBytes), disk.ChangedBytes is { } changed ? SizeText.Of(changed) : "read-only", disk.Uri])]);
        }

        await writer.FlushAsync(CancellationToken.None);
    }

    private static async Task<int> CommitAsync(
        Invocation invocation, OpenedRepository opened, MountedDisks disks, string? label, long started, CancellationToken cancellationToken)
    {
        var counters = new BackupCounters();
        var pipeline = new BackupPipeline(opened.Chunks, new BackupOptions(), counters, TimeProvider.System);
        BackupRequest request = await disks.ToBackupAsync(opened.Chunks, label, invocation.Warn, cancellationToken);
        RestorePoint made = await ProgressDisplay.RunAsync(
            invocation, () => BackupSummary.SampleOf(counters), () => pipeline.RunAsync(request, cancellationToken));
        await opened.Index.CheckpointAsync(invocation.Warn);
        BackupSummary.Write(invocation, made, counters, Stopwatch.GetElapsedTime(started));
        return ExitCodes.Success;
    }

    private static long CacheBytes(string? text)
    {
        const long Least = 16L << 20;
        if (text is null)
        {
            return new ViewOptions().CacheBytes;
        }

        return SizeText.TryParse(text, out long bytes) && bytes >= Least
            ? bytes
            : throw Invocation.BadArgument($"'{text}' is no size of at least {SizeText.Of(Least)}.", "Correct --cache, as in 512M.");
    }

    private static ChunkFileOptions? FileOf(string? stateDirectory, string? text)
    {
        long bytes = 0;
        if (text is not null && !SizeText.TryParse(text, out bytes))
        {
            throw Invocation.BadArgument($"'{text}' is no size.", "Correct --file-cache, as in 8G, or 0 for none.");
        }

        if (stateDirectory is null || (text is not null && bytes == 0))
        {
            return null;
        }

        var file = new ChunkFileOptions { Directory = Path.Combine(Path.GetFullPath(stateDirectory), "mount-cache") };
        return text is null ? file : file with { BytesMax = bytes };
    }

    internal sealed record Order(
        string Id, string? Machine, string? Disk, MountListening Listening, string? Overlay, bool IsCommit, string? Label, NbdServerOptions Options,
        IscsiAccess? Iscsi, long CacheBytes, ChunkFileOptions? FileCache);
}
