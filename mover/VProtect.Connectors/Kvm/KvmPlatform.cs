using VProtect.Connectors.Kvm.Hosts;

namespace VProtect.Connectors.Kvm;

/// <summary>A host as all parts of the connector see it: libvirt, and what is beside it.</summary>
internal sealed class KvmPlatform : IAsyncDisposable
{
    private readonly Lazy<SshIdentity?> _identity;
    private readonly Lazy<KvmHost> _host;

    internal KvmPlatform(KvmOptions options)
    {
        Options = options;
        _identity = new Lazy<SshIdentity?>(() => SshIdentity.Create(options));
        _host = new Lazy<KvmHost>(() => KvmHost.Of(options, _identity.Value));
        Session = new LibvirtSession(options, _identity);
        LateThaws = new LateThaws(Session);
    }

    internal KvmOptions Options { get; }

    internal LibvirtSession Session { get; }

    internal KvmHost Host => _host.Value;

    internal LateThaws LateThaws { get; }

    public async ValueTask DisposeAsync()
    {
        await LateThaws.DisposeAsync();
        await Session.DisposeAsync();
        if (_host.IsValueCreated)
        {
            await _host.Value.DisposeAsync();
        }

        if (_identity.IsValueCreated)
        {
            _identity.Value?.Dispose();
        }
    }
}
