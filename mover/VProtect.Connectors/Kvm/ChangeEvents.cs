using System.Runtime.InteropServices;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Whether anything on the host changed: machines begun, ended, defined, forgotten, their devices and metadata, pools and networks. What libvirt has no event for
/// (a disk that was resized) is found at the latest after <see cref="Period"/>. Events lost with a broken connection count as a change.
/// </summary>
internal sealed class ChangeEvents : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    private readonly LibvirtSession _session;
    private readonly GCHandle _self;
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSource();
    private LibvirtApi? _api;
    private Action _deregister = static () => { };

    internal ChangeEvents(LibvirtSession session)
    {
        _session = session;
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        session.Opened = Register;
    }

    /// <summary>What has changed until now is about to be read.</summary>
    internal void Forget()
    {
        lock (_gate)
        {
            if (_changed.Task.IsCompleted)
            {
                _changed = NewSource();
            }
        }
    }

    internal async Task WaitAsync(CancellationToken cancellationToken)
    {
        Task changed;
        lock (_gate)
        {
            changed = _changed.Task;
        }

        // Opens the connection unless it stands, and notices that it broke.
        await _session.ReadAsync("Waiting for changes", static api => api.IsAlive, cancellationToken);
        await Task.WhenAny(changed, Task.Delay(Period, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        Action deregister;
        lock (_gate)
        {
            deregister = _deregister;
            _deregister = static () => { };
        }

        // Outside the lock, which callbacks take. One that has begun by now finds its weak handle still allocated: it is never freed.
        deregister();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private unsafe void Register(LibvirtApi api)
    {
        ConnectionHandle connection = api.Connection;
        nint self = GCHandle.ToIntPtr(_self);
        int[] domain =
        [
            Libvirt.DomainEventRegisterAny(connection, 0, Libvirt.EventLifecycle, (nint)(delegate* unmanaged<nint, nint, int, int, nint, int>)&OnLifecycle, self, 0),
            Libvirt.DomainEventRegisterAny(connection, 0, Libvirt.EventDeviceAdded, (nint)(delegate* unmanaged<nint, nint, nint, nint, void>)&OnDevice, self, 0),
            Libvirt.DomainEventRegisterAny(connection, 0, Libvirt.EventDeviceRemoved, (nint)(delegate* unmanaged<nint, nint, nint, nint, void>)&OnDevice, self, 0),
            Libvirt.DomainEventRegisterAny(connection, 0, Libvirt.EventMetadataChange, (nint)(delegate* unmanaged<nint, nint, int, nint, nint, void>)&OnMetadata, self, 0),
        ];
        int pool = Libvirt.PoolEventRegisterAny(
            connection, 0, Libvirt.EventLifecycle, (nint)(delegate* unmanaged<nint, nint, int, int, nint, int>)&OnLifecycle, self, 0);
        int network = Libvirt.NetworkEventRegisterAny(
            connection, 0, Libvirt.EventLifecycle, (nint)(delegate* unmanaged<nint, nint, int, int, nint, int>)&OnLifecycle, self, 0);
        lock (_gate)
        {
            bool isAnother = _api is not null;
            _api = api;
            _deregister = () =>
            {
                foreach (int id in domain.Where(id => id >= 0))
                {
                    _ = Libvirt.DomainEventDeregisterAny(connection, id);
                }

                _ = pool < 0 ? 0 : Libvirt.PoolEventDeregisterAny(connection, pool);
                _ = network < 0 ? 0 : Libvirt.NetworkEventDeregisterAny(connection, network);
            };
            if (isAnother)
            {
                _changed.TrySetResult();
            }
        }
    }

    [UnmanagedCallersOnly]
    private static int OnLifecycle(nint connection, nint item, int happened, int detail, nint self)
    {
        Tell(self);
        return 0;
    }

    [UnmanagedCallersOnly]
    private static void OnDevice(nint connection, nint domain, nint alias, nint self) => Tell(self);

    [UnmanagedCallersOnly]
    private static void OnMetadata(nint connection, nint domain, int type, nint uri, nint self) => Tell(self);

    private static void Tell(nint self)
    {
        if (GCHandle.FromIntPtr(self).Target is ChangeEvents events)
        {
            lock (events._gate)
            {
                events._changed.TrySetResult();
            }
        }
    }
}
