using VProtect.Nbd.Wire;

namespace VProtect.Nbd;

/// <summary>The one exception of this library for everything that is not a caller's bug and not a cancellation.
/// The message says what happened and what to do next; it never holds disk contents or credentials.</summary>
public sealed class NbdException : Exception
{
    /// <summary>Makes an exception of the given kind.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="message">What happened and what to do next, in sentences.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public NbdException(NbdErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>What went wrong.</summary>
    public NbdErrorKind Kind { get; }

    /// <summary>The error number of the protocol (5 = EIO, 28 = ENOSPC …) when <see cref="Kind"/> is
    /// <see cref="NbdErrorKind.ServerError"/>, otherwise null.</summary>
    public int? ServerErrno { get; init; }

    /// <summary>Whether the same call may succeed later on a new connection: connecting, silence, loss, and a server that says
    /// ESHUTDOWN: one that is told to end may answer so before its connections go, and means the same by both.</summary>
    public bool IsTransient =>
        Kind is NbdErrorKind.ConnectFailed or NbdErrorKind.TimedOut or NbdErrorKind.Disconnected || ServerErrno == Errno.Shutdown;

    internal static NbdException Violation(string what) => new(
        NbdErrorKind.ProtocolViolation,
        $"The NBD server broke the protocol: {what}. The connection was closed. Check that the address is an NBD "
        + "server and update the server program; a retry will not help.");

    internal static NbdException Unsupported(string what) => new(NbdErrorKind.Unsupported, what);

    internal static NbdException Invalid(string what) => new(NbdErrorKind.InvalidArgument, what);

    internal static NbdException Lost(string how, Exception? inner = null) => new(
        NbdErrorKind.Disconnected,
        $"The connection to the NBD server was lost: {how}. Check that the server still runs, then connect again.",
        inner);

    /// <summary>The same failure for one of several requests: an exception instance must not be thrown twice at once.</summary>
    internal NbdException ForRequest() => new(Kind, Message, this) { ServerErrno = ServerErrno };
}
