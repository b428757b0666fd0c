namespace VProtect.Nbd;

/// <summary>What an export can do, as the server said: the transmission flags of the protocol, bit for bit.</summary>
[Flags]
public enum NbdExportFlags
{
    /// <summary>Nothing said.</summary>
    None = 0,

    /// <summary>The server sent flags at all; always set by a sane server.</summary>
    HasFlags = 1 << 0,

    /// <summary>Writes are refused.</summary>
    ReadOnly = 1 << 1,

    /// <summary>Flush is understood.</summary>
    SendFlush = 1 << 2,

    /// <summary>Force-unit-access is understood: the reply means durable.</summary>
    SendFua = 1 << 3,

    /// <summary>Like a spinning disk: elevator scheduling pays.</summary>
    Rotational = 1 << 4,

    /// <summary>Trim is understood.</summary>
    SendTrim = 1 << 5,

    /// <summary>Write-zeroes is understood.</summary>
    SendWriteZeroes = 1 << 6,

    /// <summary>A read can be forbidden to come in fragments.</summary>
    SendDontFragment = 1 << 7,

    /// <summary>Several connections see each other's writes after a flush on any of them.</summary>
    CanMultiConnection = 1 << 8,

    /// <summary>Reserved for an experimental extension.</summary>
    SendResize = 1 << 9,

    /// <summary>Cache (prefetch) is understood.</summary>
    SendCache = 1 << 10,

    /// <summary>Write-zeroes can be asked to fail rather than be slow.</summary>
    SendFastZero = 1 << 11,

    /// <summary>Block status can be narrowed to some contexts by a payload (extended headers only).</summary>
    BlockStatusPayload = 1 << 12,
}
