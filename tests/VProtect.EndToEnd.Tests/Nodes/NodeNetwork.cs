using System.Globalization;

namespace VProtect.EndToEnd.Tests.Nodes;

/// <summary>A network namespace with one link to the machine's own, which can be cut. Nothing of it is left after disposal.</summary>
internal sealed class NodeNetwork : IDisposable
{
    /// <summary>Names hold the process, whose end tells that a network is left over.</summary>
    private const string Prefix = "vprotect-";

    private static int _count;

    private readonly string _name;
    private readonly string _link;

    public NodeNetwork()
    {
        // Addresses for documentation, so that no real network is hidden. What a test left that was killed would take their packets.
        int number = Interlocked.Increment(ref _count);
        if (number == 1)
        {
            RemoveLeftovers();
        }

        string id = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}n{number}");
        _name = Prefix + id;
        _link = $"vp{id}h";
        ServerAddress = $"198.51.100.{(4 * number) + 1}";
        Ip("netns", "add", _name);
        Ip("link", "add", _link, "type", "veth", "peer", "name", "eth0", "netns", _name);
        Ip("address", "add", $"{ServerAddress}/30", "dev", _link);
        Ip("link", "set", _link, "up");
        Ip("-n", _name, "address", "add", $"198.51.100.{(4 * number) + 2}/30", "dev", "eth0");
        Ip("-n", _name, "link", "set", "eth0", "up");
        Ip("-n", _name, "link", "set", "lo", "up");
    }

    /// <summary>Where it finds the machine.</summary>
    public string ServerAddress { get; }

    /// <summary>What a command begins with to run in it.</summary>
    public string[] Enter => ["ip", "netns", "exec", _name];

    /// <summary>Nothing gets through, and nobody is told.</summary>
    public void Cut() => Ip("link", "set", _link, "down");

    public void Mend()
    {
        Ip("link", "set", _link, "up");
        Ip("address", "replace", $"{ServerAddress}/30", "dev", _link);
    }

    public void Dispose() => Tool.TryRun("ip", "netns", "delete", _name);

    private static void RemoveLeftovers()
    {
        foreach (string name in Tool.Run("ip", "netns", "list").Split('\n').Select(line => line.Split(' ')[0]).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (!Directory.Exists("/proc/" + name[Prefix.Length..].Split('n')[0]))
            {
                Ip("netns", "delete", name);
            }
        }
    }

    private static void Ip(params string[] arguments) => Tool.Run("ip", arguments);
}
