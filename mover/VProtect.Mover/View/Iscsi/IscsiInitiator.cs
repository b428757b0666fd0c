namespace VProtect.Mover.View.Iscsi;

/// <summary>An initiator that is logged in to a target.</summary>
/// <param name="Session">Number of its session in this life of the daemon.</param>
/// <param name="Name">As it calls itself: proof of nothing, unless it had to know a secret.</param>
/// <param name="Address">IP address that it comes from.</param>
public sealed record IscsiInitiator(string Session, string Name, string Address)
{
    /// <summary>Of what tgt tells of its targets: lines of <c>I_T nexus: 2</c>, <c>Initiator: iqn.… alias: host</c>, <c>IP Address: 192.0.2.7</c>, in this order.</summary>
    internal static List<IscsiInitiator> Parse(string told)
    {
        var found = new List<IscsiInitiator>();
        string session = "";
        string name = "";
        foreach (string line in told.Split('\n').Select(line => line.Trim()))
        {
            session = After("I_T nexus: ") ?? session;
            name = After("Initiator: ")?.Split(' ')[0] ?? name;
            if (After("IP Address: ") is { } address)
            {
                found.Add(new IscsiInitiator(session, name, address));
            }

            string? After(string label) => line.StartsWith(label, StringComparison.Ordinal) ? line[label.Length..] : null;
        }

        return found;
    }
}
