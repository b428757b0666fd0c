using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Catalog.Mounts;

namespace VProtect.Server.Mounts;

/// <summary>
/// Writes down who uses the disks of mounts: <c>mounts.connect</c> and <c>mounts.disconnect</c>, with where it comes from and how much was read and written. Connections of one
/// client to one disk are one use, from the first to a moment after the last, since clients have several and open them again and again. What is wrong with a mount becomes its
/// status until it is right again.
/// </summary>
internal sealed partial class MountUseLog(CatalogDatabase catalog, TimeProvider time, ILogger<MountUseLog> logger) : BackgroundService, IMountUses
{
    /// <summary>Notes that wait to be written.</summary>
    private const int WaitingMax = 10_000;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private readonly Channel<object> _told = Channel.CreateBounded<object>(new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    private readonly Dictionary<(string Mount, string? Disk, string Client, string? Name), Use> _uses = [];

    /// <inheritdoc/>
    public void Tell(MountUse use)
    {
        if (!_told.Writer.TryWrite(use))
        {
            Log.Lost(logger, use.MountGuid, use.Address);
        }
    }

    /// <inheritdoc/>
    public void Tell(MountTrouble trouble)
    {
        if (!_told.Writer.TryWrite(trouble))
        {
            Log.TroubleLost(logger, trouble.MountGuid, trouble.Reason ?? "nothing is wrong any more");
        }
    }

    /// <summary>Notes what happened until it is cancelled, and then that all have left.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_told.Reader.TryRead(out object? told))
            {
                await (told is MountUse use ? TakeAsync(use) : TakeAsync((MountTrouble)told));
            }

            long now = time.GetTimestamp();
            foreach ((var key, Use use) in _uses.Where(one => one.Value.Connections == 0 && (stoppingToken.IsCancellationRequested || time.GetElapsedTime(one.Value.LeftAt, now) >= Quiet)).ToList())
            {
                _uses.Remove(key);
                await NoteAsync("mounts.disconnect", use.Last, use.ReadBytes, use.WrittenBytes);
            }
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        Task<bool> told = _told.Reader.WaitToReadAsync(cancellationToken).AsTask();
        if (_uses.Values.Any(use => use.Connections == 0))
        {
            await Task.WhenAny(told, Task.Delay(Quiet / 3, time, cancellationToken));
            return;
        }

        await told;
    }

    private async Task TakeAsync(MountUse told)
    {
        string client = IPEndPoint.TryParse(told.Address, out IPEndPoint? place) ? place.Address.ToString() : told.Address;
        var key = (told.MountGuid, told.Disk, client, told.Name);
        bool isKnown = _uses.TryGetValue(key, out Use? use);
        use ??= _uses[key] = new Use();
        use.Last = told;
        if (!told.HasLeft)
        {
            use.Connections++;
            if (!isKnown)
            {
                await NoteAsync("mounts.connect", told, readBytes: null, writtenBytes: null);
            }

            return;
        }

        use.Connections--;
        use.LeftAt = time.GetTimestamp();
        use.ReadBytes = Sum(use.ReadBytes, told.ReadBytes);
        use.WrittenBytes = Sum(use.WrittenBytes, told.WrittenBytes);
    }

    private async Task TakeAsync(MountTrouble trouble)
    {
        try
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(CancellationToken.None);
            Mount? mount = await transaction.Mounts.FindAsync(Guid.Parse(trouble.MountGuid, CultureInfo.InvariantCulture), CancellationToken.None);
            if (mount is { State: MountState.Mounted } && mount.StatusInfo != trouble.Reason)
            {
                await transaction.Mounts.UpdateAsync(mount with { StatusInfo = trouble.Reason }, CancellationToken.None);
                await transaction.CommitAsync(CancellationToken.None);
                Log.Fares(logger, trouble.MountGuid, trouble.Reason ?? "nothing is wrong any more");
            }
        }
        catch (Exception exception)
        {
            Log.TroubleNotNoted(logger, exception, trouble.MountGuid, trouble.Reason ?? "nothing is wrong any more");
        }
    }

    private static long? Sum(long? before, long? more) => before is null && more is null ? null : (before ?? 0) + (more ?? 0);

    private async Task NoteAsync(string action, MountUse use, long? readBytes, long? writtenBytes)
    {
        try
        {
            await using CatalogTransaction transaction = await catalog.BeginAsync(CancellationToken.None);
            await transaction.Audit.AppendAsync(
                new AuditEntry
                {
                    At = use.At,
                    Actor = use.Name ?? "client",
                    Address = use.Address,
                    Action = action,
                    ObjectKind = "mounted-backups",
                    ObjectGuid = Guid.Parse(use.MountGuid, CultureInfo.InvariantCulture),
                    ObjectName = use.Disk,
                    Outcome = AuditOutcome.Success,
                    Detail = readBytes is null ? "{}" : JsonSerializer.Serialize(new { readBytes, writtenBytes }),
                },
                CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception exception)
        {
            // Clients go on: the log of the server says who it was.
            Log.NotNoted(logger, exception, action, use.MountGuid, use.Disk ?? "all disks", use.Address);
        }
    }

    private sealed class Use
    {
        public int Connections { get; set; }

        public long LeftAt { get; set; }

        public long? ReadBytes { get; set; }

        public long? WrittenBytes { get; set; }

        public MountUse Last { get; set; } = null!;
    }

    private static partial class Log
    {
        [LoggerMessage(5342, LogLevel.Warning, "A client's use of mount {Mount} from {Address} is not in the audit log: too many come at once")]
        public static partial void Lost(ILogger logger, string mount, string address);

        [LoggerMessage(5344, LogLevel.Warning, "Mount {Mount}: {Reason}")]
        public static partial void Fares(ILogger logger, string mount, string reason);

        [LoggerMessage(5345, LogLevel.Warning, "The status of mount {Mount} is not noted, too much comes at once: {Reason}")]
        public static partial void TroubleLost(ILogger logger, string mount, string reason);

        [LoggerMessage(5346, LogLevel.Error, "The status of mount {Mount} cannot be noted: {Reason}")]
        public static partial void TroubleNotNoted(ILogger logger, Exception exception, string mount, string reason);

        [LoggerMessage(5343, LogLevel.Error, "{Action} of mount {Mount}, {Disk}, from {Address} is not in the audit log")]
        public static partial void NotNoted(ILogger logger, Exception exception, string action, string mount, string disk, string address);
    }
}
