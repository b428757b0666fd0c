using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Node;
using VProtect.Node.Mounts;
using VProtect.Server;
using VProtect.Server.Tasks;

namespace VProtect.Appliance.Serve;

/// <summary>The node role beside the server in one process: it asks for work by method calls.</summary>
internal sealed class LocalNodeService(
    ServerOptions server, LocalNode node, INodeChannel channel, IReadOnlyList<IConnectorFactory> platforms, MountedFiles files, IMountUses uses, IApplianceFiles applianceFiles,
    ILoggerFactory loggers, TimeProvider time)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var options = new NodeOptions
        {
            NodeGuid = node.Guid.ToString(),
            StatePath = Path.Join(Path.GetFullPath(server.DataPath), "node"),
            ApplianceFiles = applianceFiles,
            ProtectedPaths = [Path.GetFullPath(server.DataPath)],
            TlsCertificatePath = Path.Join(Path.GetFullPath(server.DataPath), "tls", "server.crt"),
            TlsKeyPath = Path.Join(Path.GetFullPath(server.DataPath), "tls", "server.key"),
            MountUses = uses,
            StopTimeMax = server.StopTimeout - ServeTimes.Margin,
        };
        return new NodeAgent(options, channel, platforms, loggers, time, files).RunAsync(stoppingToken);
    }
}
