using System.Net;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Store;
using VProtect.Mover.View;
using VProtect.Mover.View.Files;
using VProtect.Mover.View.Iscsi;
using VProtect.Nbd;
using VProtect.Nbd.Server;
using VProtect.Node.Repositories;

namespace VProtect.Node.Mounts;

/// <summary>A restore point that is served. It keeps its repository open for as long.</summary>
internal sealed class LiveMount : IAsyncDisposable
{
    /// <summary>Ports that are tried when a mount has none yet: what a firewall is told.</summary>
    private const int FirstPort = 10810;
    private const int LastPort = 10999;

    private static readonly TimeSpan InitiatorPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly TaskCompletionSource<MountResult> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _serving;

    private readonly string _workDirectory;
    private readonly NodeOptions _options;
    private readonly ViewCache _cache;
    private Task _attendant = Task.CompletedTask;

    private LiveMount(
        MountWork work, Func<Func<SharedRepository, Task<bool>>, Task<bool>> use, string overlayStem, string workDirectory, NodeOptions options,
        ViewCache cache, ILoggerFactory loggers, TimeProvider time)
    {
        Work = work;
        _cache = cache;
        _workDirectory = workDirectory;
        _options = options;
        _serving = use(shared => ServeAsync(shared, overlayStem, loggers, time));
    }

    /// <summary>What was asked for.</summary>
    public MountWork Work { get; }

    /// <summary>The overlay's file of a disk, whose name may hold anything.</summary>
    public static string OverlayPath(string stem, string disk) =>
        stem + string.Concat(disk.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c.ToString() : $"%{(int)c:x4}"));

    /// <summary>Begins to serve.</summary>
    /// <param name="work">What.</param>
    /// <param name="use">Opens the repository for as long as its argument runs.</param>
    /// <param name="overlayStem">Path of overlays, up to the name of the disk.</param>
    /// <param name="workDirectory">A directory of the mount's own for what ends with it; made and removed.</param>
    /// <param name="options">The node's certificate, and who is told of clients.</param>
    /// <param name="cache">Of what is read, which all mounts share.</param>
    /// <param name="loggers">Where disks and server log.</param>
    /// <param name="time">For periods.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<(LiveMount Mount, MountResult Result)> StartAsync(
        MountWork work, Func<Func<SharedRepository, Task<bool>>, Task<bool>> use, string overlayStem, string workDirectory, NodeOptions options,
        ViewCache cache, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var mount = new LiveMount(work, use, overlayStem, workDirectory, options, cache, loggers, time);
        try
        {
            await Task.WhenAny(mount._opened.Task, mount._serving).WaitAsync(cancellationToken);
            if (!mount._opened.Task.IsCompleted)
            {
                await mount._serving; // throws
            }

            return (mount, await mount._opened.Task);
        }
        catch
        {
            await mount.DisposeAsync().AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>The files on its disks as the restore point has them, whatever clients wrote since; null before it is served and when it ends.</summary>
    public IGuestFiles? Files { get; private set; }

    /// <summary>What is served, and where.</summary>
    public Task<MountResult> Result => _opened.Task;

    /// <summary>Runs something for as long as the mount is served.</summary>
    public void Attend(Func<CancellationToken, Task> attendant) => _attendant = attendant(_ending.Token);

    /// <summary>Ends: clients are let go, overlays are made durable and closed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _attendant.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _serving;
        _ending.Dispose();
    }

    private async Task<bool> ServeAsync(SharedRepository shared, string overlayStem, ILoggerFactory loggers, TimeProvider time)
    {
        RestorePoint point = await MountedPoint.FindAsync(shared.Repository, Work.PointId, _ending.Token);
        await MountedPoint.HoldAsync(shared.Repository, point, _ending.Token);
        await using var disks = await MountedDisks.OpenAsync(
            shared.Chunks,
            shared.Repository,
            point,
            new MountedDisksOptions
            {
                Names = Work.Disks.Count == 0 ? null : [.. Work.Disks],
                OverlayOf = disk => Work.IsWritable ? OverlayPath(overlayStem, disk) : null,
            },
            _cache,
            loggers.CreateLogger<VirtualDisk>(),
            time,
            _ending.Token);
        await using var files = new GuestFiles(
            [.. disks.Served.Select(disk => new VirtualDiskExport(disk.Below, description: null))], loggers.CreateLogger<GuestFiles>(), time);
        Files = files;
        await (Work.Iscsi is { } access ? ServeIscsiAsync(disks, access, loggers, time) : ServeNbdAsync(point, disks, loggers, time));
        Files = null;
        return true;
    }

    private async Task ServeNbdAsync(RestorePoint point, MountedDisks disks, ILoggerFactory loggers, TimeProvider time)
    {
        var options = new NbdServerOptions { AllowedClients = Networks, Tls = Tls };
        await using var server = new NbdServer(options, loggers.CreateLogger<NbdServer>(), time);
        server.ClientArrived += client => TellOf(client, hasLeft: false, time);
        server.ClientLeft += client => TellOf(client, hasLeft: true, time);
        disks.AddExportsTo(server, $"{point.Machine}, number {point.Sequence}");
        IPEndPoint? bound = null;
        NbdUri address = await ListenAsync(place =>
        {
            try
            {
                bound = place;
                return Task.FromResult<NbdUri?>(server.Listen(place));
            }
            catch (NbdException taken) when (taken.Kind == NbdErrorKind.ListenFailed && Work.EndPoint is null)
            {
                return Task.FromResult<NbdUri?>(null);
            }
        });
        await ServeAsync(bound!, disks, (disk, _) => (address with { ExportName = disk }).ToString(), time);
        await server.StopAsync(Grace);
    }

    private async Task ServeIscsiAsync(MountedDisks disks, IscsiAccess access, ILoggerFactory loggers, TimeProvider time)
    {
        string name = IscsiNames.OfTarget("mount", Work.MountGuid);
        await using IscsiTarget target = await ListenAsync(async place =>
        {
            try
            {
                return await IscsiTarget.StartAsync(
                    new IscsiTargetOptions
                    {
                        WorkDirectory = _workDirectory,
                        Name = name,
                        Portal = place,
                        Disks = disks.ToIscsi(Work.MountGuid),
                        AllowedClients = Networks,
                        Access = access,
                    },
                    loggers.CreateLogger<IscsiTarget>(),
                    time,
                    _ending.Token);
            }
            catch (PortalTakenException) when (Work.EndPoint is null)
            {
                return null;
            }
        });
        string host = target.Portal.Address.Equals(IPAddress.Any) || target.Portal.Address.Equals(IPAddress.IPv6Any) ? Dns.GetHostName() : target.Portal.Address.ToString();
        Task looking = LookForInitiatorsAsync(target, time);
        await ServeAsync(target.Portal, disks, (_, index) => IscsiTarget.UriOf(host, target.Portal.Port, name, index + 1), time);
        await looking;
    }

    /// <summary>Tells where the disks are, and waits for the end.</summary>
    private async Task ServeAsync(IPEndPoint bound, MountedDisks disks, Func<string, int, string> uriOf, TimeProvider time)
    {
        _opened.SetResult(new MountResult(
            bound.ToString(),
            [.. disks.Served.Select((disk, index) => new MountedDiskResult(disk.Name, uriOf(disk.Name, index), disk.Below.SizeBytes, disk.Overlay is not null))]));
        await Task.Delay(Timeout.InfiniteTimeSpan, time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>tgt tells of nobody by itself: who is there for less than the time between two looks may not be seen, and how much was read it does not know.</summary>
    private async Task LookForInitiatorsAsync(IscsiTarget target, TimeProvider time)
    {
        if (_options.MountUses is not { } uses)
        {
            return;
        }

        HashSet<IscsiInitiator> known = [];
        while (!_ending.IsCancellationRequested)
        {
            await Task.Delay(InitiatorPeriod, time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            HashSet<IscsiInitiator> now = _ending.IsCancellationRequested ? [] : [.. target.FindInitiators()];
            foreach ((IscsiInitiator initiator, bool hasLeft) in now.Except(known).Select(one => (one, false)).Concat(known.Except(now).Select(one => (one, true))))
            {
                uses.Tell(new MountUse(Work.MountGuid, Disk: null, initiator.Address, initiator.Name, time.GetUtcNow(), hasLeft, ReadBytes: null, WrittenBytes: null));
            }

            known = now;
        }
    }

    private NbdServerTls? Tls => !Work.IsTls ? null : new NbdServerTls
    {
        CertificatePath = _options.TlsCertificatePath ?? throw WithoutCertificate(),
        KeyPath = _options.TlsKeyPath ?? throw WithoutCertificate(),
        Authorities = Work.TlsClientAuthorities is { } pem ? () => pem : null,
    };

    private static VProtectException WithoutCertificate() => new(
        ErrorCode.TaskImpossible, ErrorSide.Request, "The node has no certificate to serve mounts over TLS.", "Mount on the appliance's own node, or without TLS.");

    private void TellOf(NbdClientInfo client, bool hasLeft, TimeProvider time) => _options.MountUses?.Tell(new MountUse(
        Work.MountGuid, client.ExportName, client.Address, client.Subject, time.GetUtcNow(), hasLeft, client.ReadBytes, client.WrittenBytes));

    private IPNetwork[] Networks => [.. Work.AllowedClients.Select(IPNetwork.Parse)];

    /// <summary>Where it was before, or the first free port of the range.</summary>
    /// <param name="begin">Begins to listen; null when somebody else does there.</param>
    private async Task<T> ListenAsync<T>(Func<IPEndPoint, Task<T?>> begin)
        where T : class
    {
        if (Work.EndPoint is { } former)
        {
            return (await begin(IPEndPoint.Parse(former)))!;
        }

        IPAddress address = Work.AllowedClients.Count == 0 && Work.Iscsi is not { AllowedNames.Count: > 0 }
            ? IPAddress.Loopback
            : System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        for (int port = FirstPort; port <= LastPort; port++)
        {
            if (await begin(new IPEndPoint(address, port)) is { } listening)
            {
                return listening;
            }
        }

        throw new VProtectException(
            ErrorCode.TaskImpossible, ErrorSide.Request, $"No port from {FirstPort} to {LastPort} is free.", "Unmount what is not needed any more.");
    }
}
