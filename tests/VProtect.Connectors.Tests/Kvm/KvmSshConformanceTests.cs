using VProtect.Connectors.Tests.Conformance;
using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>KVM on a host that is reached by ssh: libvirt, commands and NBD sockets all go through it.</summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmSshConformanceTests(LibvirtDaemon daemon) : ConnectorConformance, IDisposable
{
    private readonly SshServer _server = new();

    public void Dispose() => _server.Dispose();

    protected override Task<ConformancePlatform> OpenPlatformAsync() => Task.FromResult<ConformancePlatform>(new KvmConformancePlatform(daemon, ssh: _server));
}
