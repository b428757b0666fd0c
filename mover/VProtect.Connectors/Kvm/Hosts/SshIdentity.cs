namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>
/// What ssh needs, in a private directory for as long as a connector lives: the key or the password, the host's key, and a command of its own that
/// libvirt and we call in place of ssh, so that both go the same way and no secret is on a command line.
/// </summary>
internal sealed class SshIdentity : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly PrivateDirectory _directory = new();

    /// <summary>The command: takes what ssh takes.</summary>
    internal string CommandPath => Path.Join(_directory.FullName, "ssh");

    /// <summary>Writes it; null when the host is not reached by ssh.</summary>
    internal static SshIdentity? Create(KvmOptions options)
    {
        if (options.Transport != KvmTransport.Ssh)
        {
            return null;
        }

        var identity = new SshIdentity();
        try
        {
            identity.Write(options);
            return identity;
        }
        catch
        {
            identity.Dispose();
            throw;
        }
    }

    public void Dispose() => _directory.Dispose();

    private void Write(KvmOptions options)
    {
        List<string> arguments = ["-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=6"];
        string askPass = "";
        if (options.HostKey is { } hostKey)
        {
            string name = options.Address.IsDefaultPort ? options.Address.Host : $"[{options.Address.Host}]:{options.Address.Port}";
            string hosts = WriteFile("known_hosts", $"{name} {hostKey}\n", OwnerOnly);
            arguments.AddRange(["-o", $"UserKnownHostsFile={hosts}", "-o", "StrictHostKeyChecking=yes"]);
        }
        else
        {
            arguments.AddRange(["-o", "StrictHostKeyChecking=accept-new"]);
        }

        if (options.PrivateKey is { } key)
        {
            string file = WriteFile("key", key.ReplaceLineEndings("\n").TrimEnd() + "\n", OwnerOnly);
            arguments.AddRange(["-i", file, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]);
        }
        else if (options.Password is { } password)
        {
            string file = WriteFile("password", password, OwnerOnly);
            string program = WriteFile("askpass", $"#!/bin/sh\nexec cat {Shell.Quote(file)}\n", OwnerOnly | UnixFileMode.UserExecute);
            askPass = $"SSH_ASKPASS={Shell.Quote(program)} SSH_ASKPASS_REQUIRE=force DISPLAY=none\nexport SSH_ASKPASS SSH_ASKPASS_REQUIRE DISPLAY\n";
            arguments.AddRange(["-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "NumberOfPasswordPrompts=1"]);
        }
        else
        {
            arguments.AddRange(["-o", "BatchMode=yes"]);
        }

        WriteFile(
            "ssh",
            $"#!/bin/sh\n{askPass}exec ssh {string.Join(' ', arguments.Select(Shell.Quote))} \"$@\"\n",
            OwnerOnly | UnixFileMode.UserExecute);
    }

    private string WriteFile(string name, string content, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException();
        }

        string path = Path.Join(_directory.FullName, name);
        using (var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(content);
        }

        return path;
    }
}
