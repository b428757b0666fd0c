namespace VProtect.Nbd;

/// <summary>What went wrong with an NBD server, as a closed set a caller can decide by. Values only grow.</summary>
public enum NbdErrorKind
{
    /// <summary>No connection could be made: no such host, socket or port, or it was refused. Worth a retry.</summary>
    ConnectFailed = 1,

    /// <summary>The server spoke NBD but would not let us in (policy, shutting down, refused option).</summary>
    HandshakeFailed = 2,

    /// <summary>TLS could not be agreed: required by one side only, bad certificate, unreadable key file.</summary>
    TlsFailed = 3,

    /// <summary>The server knows no export of that name.</summary>
    ExportNotFound = 4,

    /// <summary>The server broke the protocol. Nothing it said on that connection should be trusted.</summary>
    ProtocolViolation = 5,

    /// <summary>The server answered one request with an error number; the connection goes on.</summary>
    ServerError = 6,

    /// <summary>The server was silent for longer than the options allow; the connection was closed.</summary>
    TimedOut = 7,

    /// <summary>The connection ended while it was needed, or was disposed with requests outstanding.</summary>
    Disconnected = 8,

    /// <summary>The server, or this library, does not offer what was asked for.</summary>
    Unsupported = 9,

    /// <summary>A URI or an option makes no sense; nothing was sent.</summary>
    InvalidArgument = 10,

    /// <summary>A server cannot listen where it was told to.</summary>
    ListenFailed = 11,
}
