using System.Runtime.InteropServices;

namespace VProtect.Connectors.Kvm.Native;

/// <summary>
/// The library's one event loop, on a thread that lives as long as the process: keep-alive and events of all connections need it.
/// It must be registered before the first connection is opened.
/// </summary>
internal static class EventLoop
{
    private static readonly Lazy<bool> Running = new(Start);

    /// <summary>Starts it unless it runs.</summary>
    /// <exception cref="LibvirtException">The library cannot be initialized.</exception>
    /// <exception cref="DllNotFoundException">It is not installed.</exception>
    internal static void Ensure() => _ = Running.Value;

    private static unsafe bool Start()
    {
        if (Libvirt.Initialize() < 0)
        {
            throw LibvirtException.Last();
        }

        // By default it writes every error to standard error, also those that are answers to us.
        Libvirt.SetErrorFunc(0, &Ignore);
        if (Libvirt.EventRegisterDefaultImpl() < 0)
        {
            throw LibvirtException.Last();
        }

        new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
        return true;
    }

    private static void Run()
    {
        while (true)
        {
            if (Libvirt.EventRunDefaultImpl() < 0)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    [UnmanagedCallersOnly]
    private static void Ignore(nint userData, nint error)
    {
    }
}
