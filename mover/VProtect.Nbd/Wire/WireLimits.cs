namespace VProtect.Nbd.Wire;

/// <summary>Bounds that keep a lying peer from costing memory or time.</summary>
internal static class WireLimits
{
    /// <summary>Longest string of the protocol, in bytes.</summary>
    public const int StringBytesMax = 4096;

    /// <summary>Longest option reply we accept: two strings and their framing, rounded up.</summary>
    public const int OptionReplyBytesMax = 16 * 1024;

    /// <summary>Replies to one option before the final one: exports of a server, contexts of an export.</summary>
    public const int OptionRepliesMax = 65_536;

    /// <summary>Payload of one read or write. The protocol's default when a server names no maximum.</summary>
    public const uint PayloadBytesMax = 32 * 1024 * 1024;

    /// <summary>One block status chunk: a million 16-byte descriptors, the most nbdkit sends, and the framing.</summary>
    public const int BlockStatusBytesMax = (16 * 1024 * 1024) + 8;

    /// <summary>An error chunk: errno, text, offset.</summary>
    public const int ErrorChunkBytesMax = 6 + StringBytesMax + 8;
}
