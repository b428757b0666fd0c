using VProtect.Testing;

namespace VProtect.Connectors.Tests.Kvm;

/// <summary>A libvirtd for all tests; each cleans up its machines.</summary>
public sealed class LibvirtDaemon : IAsyncLifetime, IDisposable
{
    private readonly LibvirtHost _host = new();

    /// <inheritdoc cref="LibvirtHost.Work"/>
    public string Work => _host.Work;

    /// <inheritdoc cref="LibvirtHost.Uri"/>
    public string Uri => _host.Uri;

    /// <inheritdoc cref="LibvirtHost.Small"/>
    public string Small => _host.Small;

    /// <inheritdoc cref="LibvirtHost.RunDirectory"/>
    public string RunDirectory => _host.RunDirectory;

    /// <inheritdoc cref="LibvirtHost.LibraryDirectory"/>
    public string LibraryDirectory => _host.LibraryDirectory;

    public Task InitializeAsync() => _host.StartAsync();

    public Task DisposeAsync() => _host.StopAsync();

    public void Dispose() => _host.Dispose();

    /// <inheritdoc cref="LibvirtHost.Virsh"/>
    public string Virsh(params string[] arguments) => _host.Virsh(arguments);
}

/// <summary>Tests that share the daemon, one at a time.</summary>
[CollectionDefinition(Name)]
public sealed class LibvirtTests : ICollectionFixture<LibvirtDaemon>
{
    public const string Name = "libvirt";
}
