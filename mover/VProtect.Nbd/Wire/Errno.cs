namespace VProtect.Nbd.Wire;

/// <summary>Error numbers of the protocol: fixed values, whatever the platform's own are.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int Io = 5;
    public const int NoMemory = 12;
    public const int Invalid = 22;
    public const int NoSpace = 28;
    public const int Overflow = 75;
    public const int NotSupported = 95;
    public const int Shutdown = 108;

    /// <summary>The name, and what an operator can do about it.</summary>
    public static string Describe(int errno) => errno switch
    {
        NotPermitted => "EPERM, not permitted: the export is read-only or protected; check its settings",
        Io => "EIO, input/output error: check the storage behind the export and the server's log",
        NoMemory => "ENOMEM, out of memory: give the server more memory or lower the requests in flight",
        Invalid => "EINVAL, invalid request: check the server's log for the reason",
        NoSpace => "ENOSPC, no space left: free space on the storage behind the export",
        Overflow => "EOVERFLOW, request too large: lower the request size",
        NotSupported => "ENOTSUP, not supported: the storage behind the export cannot do this",
        Shutdown => "ESHUTDOWN, the server is shutting down: connect again when it is back",
        _ => "an error number outside the protocol: check the server's log",
    };
}
