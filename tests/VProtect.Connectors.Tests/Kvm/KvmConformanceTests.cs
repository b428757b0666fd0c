using VProtect.Connectors.Tests.Conformance;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>KVM with qcow2 images, which record changes.</summary>
[Collection(LibvirtTests.Name)]
public sealed class KvmConformanceTests(LibvirtDaemon daemon) : ConnectorConformance
{
    protected override Task<ConformancePlatform> OpenPlatformAsync() => Task.FromResult<ConformancePlatform>(new KvmConformancePlatform(daemon));
}
