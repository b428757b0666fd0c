namespace VProtect.Nbd;

/// <summary>How to connect and how much to ask at a time. Immutable; the defaults suit a local or LAN server.</summary>
public sealed record NbdConnectOptions
{
    /// <summary>All defaults.</summary>
    public static NbdConnectOptions Default { get; } = new();

    /// <summary>Metadata contexts to negotiate, see <see cref="NbdMetaContext"/>; those the server does not have are
    /// left out, see <see cref="NbdClient.MetaContexts"/>. Default none.</summary>
    public IReadOnlyList<string> MetaContexts { get; init; } = [];

    /// <summary>Connections at most, 1 to 64; default 4. More than one is opened only when the server says that is
    /// safe, or the export is read-only.</summary>
    public int ConnectionsMax { get; init; } = 4;

    /// <summary>Requests on the wire per connection at most, 1 to 4096; default 16. Further ones wait their turn.</summary>
    public int RequestsInFlightMax { get; init; } = 16;

    /// <summary>Time for connecting and negotiating each connection; default 30 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection with requests outstanding on which no byte moved for this long is closed; default 60 s.
    /// <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</summary>
    public TimeSpan InactivityTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time allowed for a clean disconnect on disposal; default 2 s.</summary>
    public TimeSpan DisconnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The size in bytes the export must have, when the caller connects again to a disk it already knows. Any
    /// other size fails as <see cref="NbdErrorKind.ProtocolViolation"/>. Null (default): any size but zero.</summary>
    public long? ExpectedSizeBytes { get; init; }

    /// <summary>Certificates and verification for TLS.</summary>
    public NbdTlsOptions Tls { get; init; } = new();

    /// <summary>Whether extended headers (64-bit lengths) are asked for; default true. Servers without them say no.</summary>
    public bool RequestExtendedHeaders { get; init; } = true;

    /// <summary>Whether structured replies are asked for; default true. Without them there is no block status.</summary>
    public bool RequestStructuredReplies { get; init; } = true;

    /// <summary>The clock of the timeouts; default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        Check(ConnectionsMax is >= 1 and <= 64, nameof(ConnectionsMax), "1 to 64");
        Check(RequestsInFlightMax is >= 1 and <= 4096, nameof(RequestsInFlightMax), "1 to 4096");
        Check(IsTimeout(HandshakeTimeout), nameof(HandshakeTimeout), "positive and under 24 days, or infinite");
        Check(IsTimeout(InactivityTimeout), nameof(InactivityTimeout), "positive and under 24 days, or infinite");
        Check(IsTimeout(DisconnectTimeout), nameof(DisconnectTimeout), "positive and under 24 days, or infinite");
        Check(MetaContexts.Count <= 256, nameof(MetaContexts), "256 names at most");
        foreach (string context in MetaContexts)
        {
            Check(context.Contains(':', StringComparison.Ordinal), nameof(MetaContexts), "names like 'base:allocation'");
        }
    }

    private static bool IsTimeout(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan || (time > TimeSpan.Zero && time < TimeSpan.FromDays(24));

    private static void Check(bool fine, string name, string allowed)
    {
        if (!fine)
        {
            throw NbdException.Invalid($"NBD option {name} must be {allowed}. Correct the option and connect again.");
        }
    }
}
