namespace VProtect.Nbd;

/// <summary>What carries the bytes.</summary>
public enum NbdTransport
{
    /// <summary>TCP, by host and port.</summary>
    Tcp = 0,

    /// <summary>A unix domain socket, by path.</summary>
    Unix = 1,
}
