namespace VProtect.Nbd.Wire;

/// <summary>Request types.</summary>
internal enum CommandType : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    Cache = 5,
    WriteZeroes = 6,
    BlockStatus = 7,
}

/// <summary>Modifiers of a request.</summary>
[Flags]
internal enum CommandFlags : ushort
{
    None = 0,
    ForceUnitAccess = 1,
    NoHole = 2,
    DontFragment = 4,
    RequestOne = 8,
    FastZero = 16,

    /// <summary>Extended headers only: the length counts bytes that follow. Obligatory on writes.</summary>
    PayloadLength = 32,
}

/// <summary>Flags of a reply chunk.</summary>
[Flags]
internal enum ReplyFlags : ushort
{
    None = 0,
    Done = 1,
}

/// <summary>Types of a reply chunk; the top bit marks errors.</summary>
internal enum ChunkType : ushort
{
    None = 0,
    OffsetData = 1,
    OffsetHole = 2,
    BlockStatus = 5,
    BlockStatusExtended = 6,
    ErrorBit = 1 << 15,
    Error = ErrorBit | 1,
    ErrorOffset = ErrorBit | 2,
}
