namespace VProtect.Nbd.Wire;

/// <summary>The numbers that open messages. All integers of the protocol are big-endian.
/// https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md</summary>
internal static class Magic
{
    public const ulong Initial = 0x4e42444d41474943; // "NBDMAGIC"
    public const ulong Newstyle = 0x49484156454f5054; // "IHAVEOPT", also opens every option
    public const ulong Oldstyle = 0x00420281861253;
    public const ulong OptionReply = 0x3e889045565a9;
    public const uint Request = 0x25609513;
    public const uint SimpleReply = 0x67446698;
    public const uint StructuredReply = 0x668e33ef;
    public const uint ExtendedRequest = 0x21e41c71;
    public const uint ExtendedReply = 0x6e8a278c;
}
