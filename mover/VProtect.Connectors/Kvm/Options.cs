using System.Globalization;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Hosts;

namespace VProtect.Connectors.Kvm;

/// <summary>How libvirtd is reached, and with it the host's files and sockets.</summary>
internal enum KvmTransport
{
    /// <summary>libvirtd runs on this node.</summary>
    Local = 0,

    /// <summary>By ssh, which also runs commands and forwards sockets.</summary>
    Ssh = 1,

    /// <summary>By TLS: nothing but libvirt, so only the inventory.</summary>
    Tls = 2,
}

/// <summary>An endpoint as written by the administrator, checked. README.md lists the settings.</summary>
internal sealed record KvmOptions
{
    private static readonly string[] Known =
    [
        "scratchDirectory", "scratchReserveMiB", "socketDirectory", "freezeTimeoutSeconds", "hostKey", "tlsDirectory",
    ];

    /// <summary>The address.</summary>
    internal required Uri Address { get; init; }

    internal required KvmTransport Transport { get; init; }

    /// <summary>User on the host (ssh) or of SASL (TLS); empty for none.</summary>
    internal required string Login { get; init; }

    /// <summary>The password, when the secret is one.</summary>
    internal string? Password { get; init; }

    /// <summary>The private key, when the secret is one.</summary>
    internal string? PrivateKey { get; init; }

    /// <summary>Directory on the host for what the guest overwrites during a backup; null (default): beside each image.</summary>
    internal string? ScratchDirectory { get; init; }

    /// <summary>Free space that scratch files leave; a backup is given up before it is used. Default 512 MiB.</summary>
    internal long ScratchReserveBytes { get; init; } = 512L << 20;

    /// <summary>Directory on the host for NBD sockets: QEMU must be allowed to make them there. Default libvirt's own.</summary>
    internal string SocketDirectory { get; init; } = "/var/lib/libvirt/qemu";

    /// <summary>How long the guest agent may take to freeze. Default 30 s, 1 s to 300 s.</summary>
    internal TimeSpan FreezeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The host's ssh key, as in a line of known_hosts behind the names; null: the node's known_hosts, new hosts accepted.</summary>
    internal string? HostKey { get; init; }

    /// <summary>Directory with cacert.pem, clientcert.pem and clientkey.pem; null: the system's.</summary>
    internal string? TlsDirectory { get; init; }

    /// <summary>Reads an endpoint.</summary>
    /// <exception cref="VProtectException">The message names the field.</exception>
    internal static KvmOptions Parse(ConnectorEndpoint endpoint)
    {
        if (!Uri.TryCreate(endpoint.Address, UriKind.Absolute, out Uri? address))
        {
            throw Bad("address", $"'{endpoint.Address}' is no URI");
        }

        KvmTransport transport = address.Scheme switch
        {
            "qemu" when address.Host.Length == 0 => KvmTransport.Local,
            "qemu+unix" => KvmTransport.Local,
            "qemu+ssh" when address.Host.Length > 0 => KvmTransport.Ssh,
            "qemu" or "qemu+tls" when address.Host.Length > 0 => KvmTransport.Tls,
            _ => throw Bad("address", $"'{endpoint.Address}' is none of qemu:///system, qemu+unix:///system?socket=PATH, qemu+ssh://HOST/system, qemu+tls://HOST/system"),
        };
        if (endpoint.Settings.Keys.FirstOrDefault(key => !Known.Contains(key, StringComparer.Ordinal)) is { } unknown)
        {
            throw Bad($"settings.{unknown}", $"there is no such setting; there are {string.Join(", ", Known)}");
        }

        bool isKey = endpoint.Secret?.Contains("PRIVATE KEY", StringComparison.Ordinal) == true;
        string userInfo = Uri.UnescapeDataString(address.UserInfo);
        return new KvmOptions
        {
            Address = address,
            Transport = transport,
            Login = endpoint.Login.Length > 0 ? endpoint.Login : userInfo,
            Password = isKey ? null : endpoint.Secret,
            PrivateKey = isKey ? endpoint.Secret : null,
            ScratchDirectory = ReadDirectory(endpoint, "scratchDirectory"),
            ScratchReserveBytes = ReadNumber(endpoint, "scratchReserveMiB", 512, 0, 1 << 30) << 20,
            SocketDirectory = ReadDirectory(endpoint, "socketDirectory") ?? "/var/lib/libvirt/qemu",
            FreezeTimeout = TimeSpan.FromSeconds(ReadNumber(endpoint, "freezeTimeoutSeconds", 30, 1, 300)),
            HostKey = endpoint.Settings.GetValueOrDefault("hostKey"),
            TlsDirectory = ReadDirectory(endpoint, "tlsDirectory"),
        };
    }

    /// <summary>What libvirt is given.</summary>
    internal string ToLibvirtUri(SshIdentity? identity)
    {
        var query = new List<string>();
        foreach (string pair in Address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            query.Add(pair);
        }

        string user = "";
        if (Transport == KvmTransport.Ssh)
        {
            user = Login.Length > 0 ? Uri.EscapeDataString(Login) + "@" : "";
            query.Add($"command={Uri.EscapeDataString(identity!.CommandPath)}");
            query.Add("no_tty=1");
        }
        else if (Transport == KvmTransport.Tls && TlsDirectory is { } directory)
        {
            query.Add($"pkipath={Uri.EscapeDataString(directory)}");
        }

        string host = Address.Host + (Address.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{Address.Port}"));
        string suffix = query.Count == 0 ? "" : "?" + string.Join('&', query);
        return $"{Address.Scheme}://{user}{host}{Address.AbsolutePath}{suffix}";
    }

    private static string? ReadDirectory(ConnectorEndpoint endpoint, string name)
    {
        string? path = endpoint.Settings.GetValueOrDefault(name);
        return path is null || path.StartsWith('/')
            ? path?.TrimEnd('/')
            : throw Bad($"settings.{name}", $"'{path}' is not an absolute path");
    }

    private static long ReadNumber(ConnectorEndpoint endpoint, string name, long value, long min, long max)
    {
        if (endpoint.Settings.GetValueOrDefault(name) is not { } text)
        {
            return value;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max
            ? number
            : throw Bad($"settings.{name}", $"'{text}' is not a number from {min} to {max}");
    }

    private static VProtectException Bad(string field, string why) => new(
        ErrorCode.InvalidArgument, ErrorSide.Request, $"The KVM host's {field} cannot be used: {why}.", "Correct the field and save the host again.");
}
