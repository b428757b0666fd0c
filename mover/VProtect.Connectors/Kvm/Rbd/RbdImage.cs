using System.Xml.Linq;

namespace VProtect.Connectors.Kvm.Rbd;

/// <summary>An image in a Ceph cluster, as a machine's definition names it (https://libvirt.org/formatdomain.html, <c>protocol='rbd'</c>).</summary>
/// <param name="Pool">Pool.</param>
/// <param name="Namespace">Namespace in the pool, or empty.</param>
/// <param name="Image">Image.</param>
/// <param name="Monitors">Addresses of monitors as HOST or HOST:PORT; none: as the host's configuration says.</param>
/// <param name="ConfigPath">The host's configuration file of the cluster; null for its own default.</param>
/// <param name="User">Cephx user, or null.</param>
/// <param name="Secret">Where libvirt keeps the user's key; null where it does not.</param>
internal sealed record RbdImage(
    string Pool, string Namespace, string Image, IReadOnlyList<string> Monitors, string? ConfigPath, string? User, RbdSecret? Secret)
{
    /// <summary>As an administrator writes it.</summary>
    internal string Name => Namespace.Length == 0 ? $"{Pool}/{Image}" : $"{Pool}/{Namespace}/{Image}";

    /// <summary>The image of a disk; null when it is none, or names a snapshot, which never changes.</summary>
    internal static RbdImage? TryRead(DomainDisk disk)
    {
        XElement? source = disk.Element.Element("source");
        if (disk.Kind != "network" || source is null || (string?)source.Attribute("protocol") != "rbd" || source.Element("snapshot") is not null
            || ((string?)source.Attribute("name"))?.Split('/') is not { Length: 2 or 3 } names || names.Any(name => name.Length == 0))
        {
            return null;
        }

        XElement? auth = source.Element("auth") ?? disk.Element.Element("auth");
        return new RbdImage(
            names[0],
            names.Length == 3 ? names[1] : "",
            names[^1],
            [.. source.Elements("host").Select(ToAddress).OfType<string>()],
            (string?)source.Element("config")?.Attribute("file"),
            (string?)auth?.Attribute("username"),
            auth?.Element("secret") is { } secret ? new RbdSecret((string?)secret.Attribute("uuid"), (string?)secret.Attribute("usage")) : null);
    }

    /// <summary>What <c>qemu-nbd --image-opts</c> takes.</summary>
    /// <param name="snapshot">A snapshot of it, or null for the image as it is.</param>
    /// <param name="keyId">Id of the object that holds the user's key, or null.</param>
    internal string ToImageOptions(string? snapshot, string? keyId)
    {
        List<(string Name, string? Value)> options =
        [
            ("driver", "raw"), ("file.driver", "rbd"), ("file.pool", Pool), ("file.namespace", Namespace), ("file.image", Image), ("file.snapshot", snapshot),
            ("file.conf", ConfigPath), ("file.user", User), ("file.key-secret", keyId),
        ];
        for (int i = 0; i < Monitors.Count; i++)
        {
            int colon = Monitors[i].LastIndexOf(':');
            bool hasPort = colon > Monitors[i].LastIndexOf(']') && colon > 0;
            options.Add(($"file.server.{i}.host", (hasPort ? Monitors[i][..colon] : Monitors[i]).Trim('[', ']')));
            options.Add(($"file.server.{i}.port", hasPort ? Monitors[i][(colon + 1)..] : "6789"));
        }

        return string.Join(',', options.Where(option => option.Value is { Length: > 0 }).Select(option => $"{option.Name}={option.Value!.Replace(",", ",,", StringComparison.Ordinal)}"));
    }

    private static string? ToAddress(XElement host)
    {
        string? name = (string?)host.Attribute("name");
        string? port = (string?)host.Attribute("port");
        if (name is null)
        {
            return null;
        }

        string written = name.Contains(':', StringComparison.Ordinal) && !name.StartsWith('[') ? $"[{name}]" : name;
        return port is null ? written : $"{written}:{port}";
    }
}

/// <summary>Names a secret of libvirt.</summary>
/// <param name="Uuid">By its uuid.</param>
/// <param name="Usage">Or by what it is used for.</param>
internal sealed record RbdSecret(string? Uuid, string? Usage);
