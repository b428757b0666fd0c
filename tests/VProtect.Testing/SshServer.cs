using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace VProtect.Testing;

/// <summary>A real SSH server on this machine, for as long as a test: a key of its own, and one user key that it lets in.</summary>
public sealed class SshServer : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    public SshServer()
    {
        Port = FreePort();
        Tool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["host"]);
        Tool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["user"]);
        File.Copy(_directory["user.pub"], _directory["authorized"]);
        File.WriteAllText(_directory["sshd_config"], $"""
            ListenAddress 127.0.0.1
            Port {Port}
            HostKey {_directory["host"]}
            AuthorizedKeysFile {_directory["authorized"]}
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin yes
            MaxStartups 100
            """);

        // It wants this directory, which Debian's unit makes.
        Directory.CreateDirectory("/run/sshd");
        _process = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", _directory["sshd_config"]]) { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        WaitUntilItListens();
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The private key of a user whom it lets in.</summary>
    public string UserKey => File.ReadAllText(_directory["user"]);

    /// <summary>Its own key, as in a line of known_hosts behind the names.</summary>
    public string HostKey => string.Join(' ', File.ReadAllText(_directory["host.pub"]).Split(' ')[..2]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _directory.Dispose();
    }

    private void WaitUntilItListens()
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", Port);
                return;
            }
            catch (SocketException) when (attempt < 600)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
