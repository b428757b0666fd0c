namespace VProtect.Nbd.Server;

/// <summary>A connection of a client, as of now.</summary>
/// <param name="Number">Its number in this server's life.</param>
/// <param name="Address">Where it comes from: an address and port, or <c>unix</c>.</param>
/// <param name="Subject">The subject of its certificate, or null.</param>
/// <param name="ExportName">The export it uses; null during the handshake.</param>
/// <param name="ReadBytes">Bytes it has read, zeroes included.</param>
/// <param name="WrittenBytes">Bytes it has written.</param>
/// <param name="RequestCount">Requests it has made.</param>
public sealed record NbdClientInfo(
    long Number, string Address, string? Subject, string? ExportName, long ReadBytes, long WrittenBytes, long RequestCount);
