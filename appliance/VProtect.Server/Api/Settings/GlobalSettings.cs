using System.Globalization;
using System.Net;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Settings;

/// <summary>What holds for the whole appliance and is changed while it runs.</summary>
internal sealed partial record GlobalSettings
{
    /// <summary>What this appliance is called by those who use it; default empty, at most 100 characters.</summary>
    public string ApplianceName { get; init; } = "";

    /// <summary>A session ends when it was not used for this long, ms; default 30 min, 1 min to 24 h.</summary>
    public long SessionIdleTimeout { get; init; } = 30 * Minute;

    /// <summary>A session ends after this long, however much it was used, ms; default 12 h, 5 min to 7 days.</summary>
    public long SessionAbsoluteTimeout { get; init; } = 12 * 60 * Minute;

    /// <summary>Origins, such as <c>https://portal.example.org</c>, whose pages may call the API; default none.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Where nodes of other machines call, <c>*:PORT</c> or an IP address and a port; default <c>*:8182</c>. Empty: nowhere. It is open once a node was added.</summary>
    public string NodeAddress { get; init; } = $"*:{NodeWire.DefaultPort}";

    /// <summary>How many rows (machines, disks, restore points, tasks and what belongs to them) an appliance that joined this one may store here, 2 KiB each on the average; default 2000000, 1000 to 100000000.</summary>
    public long ApplianceRowsMax { get; init; } = 2_000_000;

    private const long Minute = 60_000;
    private const int ApplianceNameMax = 100;

    /// <summary>Refuses values out of bounds, naming the field.</summary>
    /// <exception cref="InvalidFieldException">One is.</exception>
    public void Check()
    {
        CheckTasks();
        CheckLog();
        Between("applianceRowsMax", ApplianceRowsMax, 1000, 100_000_000);
        if (ApplianceName is null || ApplianceName.Length > ApplianceNameMax || ApplianceName.Any(char.IsControl))
        {
            throw new InvalidFieldException("applianceName", "It is no name.", $"Use at most {ApplianceNameMax} characters on one line; empty for none.");
        }

        if (SessionIdleTimeout is < Minute or > 24 * 60 * Minute)
        {
            throw new InvalidFieldException("sessionIdleTimeout", "It is out of bounds.", "Use 60000 to 86400000 ms.");
        }

        if (SessionAbsoluteTimeout is < 5 * Minute or > 7 * 24 * 60 * Minute)
        {
            throw new InvalidFieldException("sessionAbsoluteTimeout", "It is out of bounds.", "Use 300000 to 604800000 ms.");
        }

        if (NodeAddress is null || (NodeAddress.Length > 0 && NodeEndPoint(NodeAddress) is null))
        {
            throw new InvalidFieldException("nodeAddress", "It is no address and port.", "Write *:8182, or an IP address and a port such as 192.0.2.10:8182; empty for none.");
        }

        if (CorsOrigins is null || CorsOrigins.Count > 100 || CorsOrigins.Any(origin => !IsOrigin(origin)))
        {
            throw new InvalidFieldException("corsOrigins", "One is no origin.", "Write each as https://host or https://host:port, without a path; at most 100.");
        }
    }

    /// <summary>Host (<c>*</c> or an IP address) and port of <see cref="NodeAddress"/>; null when it is neither.</summary>
    public static (string Host, int Port)? NodeEndPoint(string address)
    {
        int colon = address.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && address[..colon].Trim('[', ']') is var host && (host == "*" || IPAddress.TryParse(host, out _))
            ? (host, port)
            : null;
    }

    private static bool IsOrigin(string? origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "http" && uri.GetLeftPart(UriPartial.Authority) == origin;
}
