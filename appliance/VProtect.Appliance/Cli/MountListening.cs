using System.Globalization;
using System.Net;
using VProtect.Abstractions.Nodes;
using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Appliance.Cli;

/// <summary>Where <c>vprotect mount</c> listens and whom it lets in, as typed.</summary>
internal sealed record MountListening(string? SocketPath, IPEndPoint? EndPoint)
{
    public const string Default = "127.0.0.1";

    /// <summary>Reads <c>unix:/path</c>, <c>tcp</c>, <c>ADDRESS</c> or <c>ADDRESS:PORT</c>.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="defaultPort">The port where none is named.</param>
    /// <exception cref="Abstractions.VProtectException">It is none of these.</exception>
    public static MountListening Parse(string text, int defaultPort = NbdUri.DefaultPort)
    {
        const string Unix = "unix:";
        if (text.StartsWith(Unix, StringComparison.Ordinal) && text.Length > Unix.Length)
        {
            return new MountListening(Path.GetFullPath(text[Unix.Length..]), null);
        }

        if (text is "tcp")
        {
            return new MountListening(null, new IPEndPoint(System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, defaultPort));
        }

        // An IPv6 address without brackets would take its last group for a port.
        bool isBareV6 = text.Count(c => c == ':') > 1 && !text.StartsWith('[');
        if (IPAddress.TryParse(text, out IPAddress? address) && (isBareV6 || !text.Contains(':', StringComparison.Ordinal)))
        {
            return new MountListening(null, new IPEndPoint(address, defaultPort));
        }

        return !isBareV6 && IPEndPoint.TryParse(text, out IPEndPoint? endPoint)
            ? new MountListening(null, endPoint)
            : throw Invocation.BadArgument($"'{text}' is no place to listen on.", "Correct --listen: unix:/path, tcp, an IP address, or an IP address with a port.");
    }

    /// <summary>Networks in CIDR, or single addresses.</summary>
    public static IReadOnlyList<IPNetwork> ParseNetworks(IEnumerable<string> texts) => [.. texts.Select(static text =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network
        : IPAddress.TryParse(text, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw Invocation.BadArgument($"'{text}' is no network.", string.Create(CultureInfo.InvariantCulture, $"Correct --allow: as in 192.0.2.0/24 or 192.0.2.7.")))];

    /// <summary>A disk is not offered to a whole network by oversight.</summary>
    public void RequireProtection(NbdServerOptions options, IscsiAccess? iscsi)
    {
        if (EndPoint is not null && !IPAddress.IsLoopback(EndPoint.Address) && options.Tls is null && options.AllowedClients.Count == 0 && iscsi?.Chap is null)
        {
            throw Invocation.BadArgument(
                $"Anybody who can reach {EndPoint.Address} could read the disk.", iscsi is null ? "Give --tls-certificates, or say with --allow who may connect (0.0.0.0/0 for everybody)." : "Give --chap, or say with --allow who may connect (0.0.0.0/0 for everybody).");
        }
    }

    /// <summary>Begins to listen.</summary>
    public NbdUri Begin(NbdServer server) => SocketPath is not null ? server.Listen(SocketPath) : server.Listen(EndPoint!);
}
