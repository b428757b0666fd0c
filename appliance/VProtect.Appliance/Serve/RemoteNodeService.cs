using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VProtect.Connectors.Contract;
using VProtect.Node;
using VProtect.Node.Remote;

namespace VProtect.Appliance.Serve;

/// <summary>The node role alone: it asks the server that it joined.</summary>
internal sealed class RemoteNodeService(string data, NodeIdentity identity, IReadOnlyList<IConnectorFactory> platforms, ILoggerFactory loggers, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var options = new NodeOptions
        {
            NodeGuid = identity.Guid,
            StatePath = Path.Join(Path.GetFullPath(data), "node"),
            ProtectedPaths = [Path.GetFullPath(data)],
            StopTimeMax = ServeTimes.Server - ServeTimes.Margin,
        };
        using var channel = new HttpNodeChannel(identity, loggers.CreateLogger<HttpNodeChannel>(), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task renewing = channel.RenewAsync(stop.Token);
        await new NodeAgent(options, channel, platforms, loggers, time).RunAsync(stoppingToken);
        await stop.CancelAsync();
        await renewing;
    }
}
