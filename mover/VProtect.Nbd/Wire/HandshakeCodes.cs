namespace VProtect.Nbd.Wire;

/// <summary>Flags of the server's greeting; the client echoes the ones it accepts.</summary>
[Flags]
internal enum HandshakeFlags : ushort
{
    None = 0,
    FixedNewstyle = 1,
    NoZeroes = 2,
}

/// <summary>What a client asks for before transmission.</summary>
internal enum OptionCode : uint
{
    ExportName = 1,
    Abort = 2,
    List = 3,
    StartTls = 5,
    Info = 6,
    Go = 7,
    StructuredReply = 8,
    ListMetaContext = 9,
    SetMetaContext = 10,
    ExtendedHeaders = 11,
}

/// <summary>What a server answers to an option; the top bit marks errors.</summary>
internal enum OptionReplyType : uint
{
    Ack = 1,
    Server = 2,
    Info = 3,
    MetaContext = 4,
    ErrorBit = 1u << 31,
    ErrorUnsupported = ErrorBit | 1,
    ErrorPolicy = ErrorBit | 2,
    ErrorInvalid = ErrorBit | 3,
    ErrorPlatform = ErrorBit | 4,
    ErrorTlsRequired = ErrorBit | 5,
    ErrorUnknown = ErrorBit | 6,
    ErrorShutdown = ErrorBit | 7,
    ErrorBlockSizeRequired = ErrorBit | 8,
    ErrorTooBig = ErrorBit | 9,
    ErrorExtendedHeaderRequired = ErrorBit | 10,
}

/// <summary>Kinds of information about an export.</summary>
internal enum InfoType : ushort
{
    Export = 0,
    Name = 1,
    Description = 2,
    BlockSize = 3,
}
