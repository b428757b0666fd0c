using System.Net;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Tests.View.Overlay;
using VProtect.Mover.View;
using VProtect.Mover.View.Iscsi;
using VProtect.Mover.View.Overlay;

namespace VProtect.Mover.Tests.View.Iscsi;

/// <summary>A target with a disk that can be written (unit 1) and one that cannot (unit 2), and what it logs.</summary>
internal sealed class ServedTarget : IAsyncDisposable
{
    public const int SizeBytes = 64 << 20;
    public const string Name = "iqn.2026-11.internal.vprotect:test";

    private readonly TemporaryDirectory _directory = new();
    private readonly OverlayDisk _overlay;

    private ServedTarget(MemoryView below)
    {
        _overlay = OverlayDisk.Open(_directory["overlay"], below, below.Base, TimeProvider.System);
        Options = new IscsiTargetOptions
        {
            WorkDirectory = _directory["target"],
            Name = Name,
            Portal = new IPEndPoint(IPAddress.Loopback, FreePort.Take()),
            Disks =
            [
                new IscsiDisk(new OverlayExport(_overlay, null), IscsiNames.IdentityOf("written")),
                new IscsiDisk(new VirtualDiskExport(below, null), IscsiNames.IdentityOf("read")),
            ],
        };
    }

    public IscsiTargetOptions Options { get; private set; }

    public IscsiTarget Target { get; private set; } = null!;

    public LogOfTest Logged { get; } = new();

    public static Task<ServedTarget> StartAsync(byte[] content, IscsiAccess? access = null, params string[] networks) =>
        StartAsync(content, access, IPAddress.Loopback, networks);

    public static async Task<ServedTarget> StartAsync(byte[] content, IscsiAccess? access, IPAddress address, string[] networks)
    {
        var served = new ServedTarget(new MemoryView(content));
        served.Options = served.Options with { Portal = new IPEndPoint(address, served.Options.Portal.Port), Access = access ?? served.Options.Access, AllowedClients = [.. networks.Select(IPNetwork.Parse)] };
        try
        {
            await served.StartAsync();
            return served;
        }
        catch
        {
            await served.DisposeAsync();
            throw;
        }
    }

    public async Task StartAsync() => Target = await IscsiTarget.StartAsync(Options, Logged, TimeProvider.System, default);

    /// <summary>The address of a unit.</summary>
    /// <param name="unit">1 or 2.</param>
    /// <param name="login">As in <c>user%secret@</c>.</param>
    public string Uri(int unit, string login = "") => IscsiTarget.UriOf("127.0.0.1", Options.Portal.Port, Name, unit).Replace("iscsi://", "iscsi://" + login, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (Target is not null)
        {
            await Target.DisposeAsync();
        }

        await _overlay.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>All that was logged.</summary>
internal sealed class LogOfTest : ILogger<IscsiTarget>
{
    private readonly List<string> _lines = [];

    public string Text
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add(formatter(state, exception) + exception);
        }
    }
}
