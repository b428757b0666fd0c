using System.Net.NetworkInformation;

namespace VProtect.Testing;

/// <summary>
/// Ports for servers that tests start, or start again. They lie below those that the kernel gives to connections (from 32768), so that nobody takes one before its
/// server does or while it is away. None is opened to try it: a process that is being started just then would hold it for a moment after it is closed.
/// </summary>
public static class FreePort
{
    private const int First = 10_000;
    private const int Count = 20_000;

    private static int _next = Random.Shared.Next(Count);

    /// <summary>A TCP port on which nobody listens, another one each time.</summary>
    public static int Take()
    {
        while (true)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().All(listener => listener.Port != port))
            {
                return port;
            }
        }
    }
}
