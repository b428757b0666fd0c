using VProtect.Connectors.Contract;
using VProtect.Connectors.Tests.Conformance;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>KVM on a host that is reached by ssh: libvirt, commands and NBD sockets all go through it.</summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmSshConformanceTests(LibvirtDaemon daemon) : ConnectorConformance, IDisposable
{
    private readonly SshServer _server = new();

    [Fact]
    public async Task Host_and_node_see_each_other_at_the_ends_of_the_connection()
    {
        await using var platform = new KvmConformancePlatform(daemon, ssh: _server);
        await using IConnector connector = platform.Factory.Open(platform.Endpoint);
        Assert.Equal(new BootReach("127.0.0.1", "127.0.0.1"), await Assert.IsAssignableFrom<IMachineBoot>(connector).FindReachAsync(CancellationToken.None));
    }

    public void Dispose() => _server.Dispose();

    protected override Task<ConformancePlatform> OpenPlatformAsync() => Task.FromResult<ConformancePlatform>(new KvmConformancePlatform(daemon, ssh: _server));
}
