using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Nbd.Server;

namespace VProtect.Nbd.Tests.Testing;

/// <summary>Our server with one export, on a unix socket and, when asked, on TCP.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly string _directory = ServerProcess.NewDirectory();

    public TestServer(INbdExport export, NbdServerOptions? options = null, TimeProvider? time = null, bool tcp = false)
    {
        Server = new NbdServer(options ?? new NbdServerOptions(), NullLogger<NbdServer>.Instance, time ?? TimeProvider.System);
        Server.AddExport("disk", export);
        Unix = Server.Listen(Socket) with { ExportName = "disk" };
        Tcp = tcp ? Server.Listen(new IPEndPoint(IPAddress.Loopback, 0)) with { ExportName = "disk" } : null;
    }

    public NbdServer Server { get; }

    public string Socket => Path.Combine(_directory, "s");

    public NbdUri Unix { get; }

    public NbdUri? Tcp { get; }

    public string Uri => Unix.ToString();

    public string NewFile(string name) => Path.Combine(_directory, name);

    /// <summary>Nothing of past clients is held any more.</summary>
    public async Task AssertNothingHeldAsync()
    {
        while (Server.Clients.Count > 0)
        {
            await Task.Delay(5);
        }

        Assert.Equal(Server.Options.BytesInFlightOfAllMax, Server.Budget.FreeBytes);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
