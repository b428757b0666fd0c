using System.Net;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Mover.View.Iscsi;

/// <summary>
/// Disks as the logical units of an iSCSI target, until it is disposed. A target daemon that dies is started again with the same target, so that initiators find
/// it again; what they had been told was written is there, since every write was handed to the disk before.
/// <code>
///  initiators ─► tgtd, a process for each target ─► DiskFiles ─► disks
/// </code>
/// </summary>
public sealed partial class IscsiTarget : IAsyncDisposable
{
    /// <summary>What a sector is: disks have a multiple of it.</summary>
    public const int SectorBytes = 512;

    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan RestartAfterMax = TimeSpan.FromSeconds(30);

    private readonly IscsiTargetOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _watching;
    private TgtDaemon? _daemon;

    private IscsiTarget(IscsiTargetOptions options, TgtDaemon daemon, ILogger log, TimeProvider time)
    {
        (_options, _daemon, _log, _time) = (options, daemon, log, time);
        _watching = WatchAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Portal => _options.Portal;

    /// <summary>The process that initiators are connected to; null while there is none.</summary>
    public int? ProcessId => _daemon?.ProcessId;

    /// <summary>Who is logged in now, in no order; a session is there once for each of its connections. Empty while there is no daemon.</summary>
    public IReadOnlyList<IscsiInitiator> FindInitiators()
    {
        try
        {
            return _daemon is { } daemon ? IscsiInitiator.Parse(daemon.Control.ShowTargets()) : [];
        }
        catch (VProtectException)
        {
            // It is just ending.
            return [];
        }
    }

    /// <summary>Begins to serve.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.IscsiFailed"/>, or a <see cref="PortalTakenException"/>.</exception>
    public static async Task<IscsiTarget> StartAsync(IscsiTargetOptions options, ILogger<IscsiTarget> log, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Disks.Any(disk => disk.Disk.SizeBytes % SectorBytes != 0))
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Request, $"A disk is no multiple of {SectorBytes} bytes: iSCSI cannot show its end.", "Mount it over NBD.");
        }

        if (options.AllowedClients.Count > IscsiAccess.NetworksMax)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"A target takes at most {IscsiAccess.NetworksMax} networks, not {options.AllowedClients.Count}.", "Name larger networks.");
        }

        return new IscsiTarget(options, await TgtDaemon.StartAsync(options, log, time, cancellationToken), log, time);
    }

    /// <summary>Removes what a target has left whose process was killed.</summary>
    public static void Clean(string workDirectory) => TgtDaemon.Clean(workDirectory);

    /// <summary>The address of a logical unit, as libiscsi and QEMU take it.</summary>
    /// <param name="host">Name or address of this machine.</param>
    /// <param name="port">Port.</param>
    /// <param name="name">IQN.</param>
    /// <param name="unit">1 and up.</param>
    public static string UriOf(string host, int port, string name, int unit) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"iscsi://{(IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{host}]" : host)}:{port}/{name}/{unit}");

    /// <summary>Ends; initiators are cut off. What they had flushed is durable.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    private async Task WatchAsync()
    {
        TimeSpan wait = RestartAfter;
        while (true)
        {
            long began = _time.GetTimestamp();
            if (_daemon is { } daemon)
            {
                await daemon.Ended.WaitAsync(_ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _daemon = null;
                await daemon.DisposeAsync();
            }

            if (_ending.IsCancellationRequested)
            {
                return;
            }

            Log.Ended(_log, _options.Name);
            wait = _time.GetElapsedTime(began) > RestartAfterMax ? RestartAfter : wait;
            await Task.Delay(wait, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < RestartAfterMax ? wait * 2 : RestartAfterMax;
            try
            {
                _daemon = await TgtDaemon.StartAsync(_options, _log, _time, _ending.Token);
            }
            catch (VProtectException e)
            {
                Log.Failed(_log, _options.Name, e.Message);
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                // It ends.
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3520, LogLevel.Warning, "The daemon of iSCSI target {Name} has ended and is started again")]
        public static partial void Ended(ILogger logger, string name);

        [LoggerMessage(3521, LogLevel.Error, "The daemon of iSCSI target {Name} could not be started again: {Reason}")]
        public static partial void Failed(ILogger logger, string name, string reason);
    }
}
