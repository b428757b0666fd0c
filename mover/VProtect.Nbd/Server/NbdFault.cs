using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>What a client is told of a request that failed: the error numbers of the protocol.</summary>
public enum NbdFault
{
    /// <summary>The export may not be written.</summary>
    NotPermitted = Errno.NotPermitted,

    /// <summary>The storage behind the export failed.</summary>
    Io = Errno.Io,

    /// <summary>Not enough memory now.</summary>
    NoMemory = Errno.NoMemory,

    /// <summary>The request makes no sense.</summary>
    Invalid = Errno.Invalid,

    /// <summary>No space is left, or the range ends behind the export.</summary>
    NoSpace = Errno.NoSpace,

    /// <summary>The request is too long.</summary>
    Overflow = Errno.Overflow,

    /// <summary>The export cannot do this, or not in the way asked for.</summary>
    NotSupported = Errno.NotSupported,

    /// <summary>The server is ending.</summary>
    Shutdown = Errno.Shutdown,
}

/// <summary>A request failed and its client is to be told why. The message goes to clients that understand structured replies: it
/// holds nothing secret.</summary>
public sealed class NbdExportException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="fault">The error number.</param>
    /// <param name="message">A sentence for whoever reads the client's log.</param>
    /// <param name="inner">The cause, if any.</param>
    public NbdExportException(NbdFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The error number.</summary>
    public NbdFault Fault { get; }
}
