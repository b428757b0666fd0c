using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace VProtect.Server.Hosting;

/// <summary>Tells systemd that the server is ready, stopping, and alive (sd_notify(3)); nothing when it was not started by it.</summary>
internal sealed class SystemdNotifications(IHostApplicationLifetime lifetime, TimeProvider time) : IHostedService, IDisposable
{
    private readonly string? _socket = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
    private ITimer? _watchdog;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_socket is { Length: > 0 })
        {
            lifetime.ApplicationStarted.Register(() => Send(_socket, "READY=1"));
            lifetime.ApplicationStopping.Register(() => Send(_socket, "STOPPING=1"));
            if (long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
            {
                // Half of what it allows, as the manual advises.
                var period = TimeSpan.FromMicroseconds(microseconds / 2.0);
                _watchdog = time.CreateTimer(_ => Send(_socket, "WATCHDOG=1"), state: null, period, period);
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _watchdog?.Dispose();

    /// <summary>Sends one datagram; a supervisor that does not listen is no reason to fail.</summary>
    internal static void Send(string path, string state)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.ASCII.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
        }
        catch (SocketException)
        {
            // Told by systemd itself: the unit then runs into its time-out.
        }
    }
}
