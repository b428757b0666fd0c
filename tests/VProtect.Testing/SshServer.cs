using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace VProtect.Testing;

/// <summary>A real SSH server on this machine, for as long as a test: a key of its own, and one user key that it lets in.</summary>
public sealed class SshServer : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="sessionsMax">How many sessions a connection may have at a time; sshd's own default is 10.</param>
    public SshServer(int sessionsMax = 10)
    {
        Port = FreePort.Take();
        Tool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["host"]);
        Tool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["user"]);
        File.Copy(_directory["user.pub"], _directory["authorized"]);
        // The home is no one's: what a user's shell does at its start is not what is tested.
        File.WriteAllText(_directory["sshd_config"], $"""
            ListenAddress 127.0.0.1
            Port {Port}
            HostKey {_directory["host"]}
            AuthorizedKeysFile {_directory["authorized"]}
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin yes
            SetEnv HOME={_directory.Path}
            MaxStartups 100
            MaxSessions {sessionsMax}
            """);

        // It wants this directory, which Debian's unit makes.
        Directory.CreateDirectory("/run/sshd");
        _process = Start();
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The private key of a user whom it lets in.</summary>
    public string UserKey => File.ReadAllText(_directory["user"]);

    /// <summary>Its own key, as in a line of known_hosts behind the names.</summary>
    public string HostKey => string.Join(' ', File.ReadAllText(_directory["host.pub"]).Split(' ')[..2]);

    /// <summary>Ends it with all its connections and starts it again.</summary>
    public void Restart()
    {
        Stop();
        _process = Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _directory.Dispose();
    }

    /// <summary>Again when it ends at once: somebody has the port for a moment, if only a process that another test starts and that is not its program yet.</summary>
    private Process Start()
    {
        for (int attempt = 0; ; attempt++)
        {
            var error = new StringBuilder();
            var process = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", _directory["sshd_config"]]) { RedirectStandardError = true })!;
            process.ErrorDataReceived += (_, line) => error.Append(line.Data).Append(' ');
            process.BeginErrorReadLine();
            if (Listens(process))
            {
                return process;
            }

            process.WaitForExit();
            process.Dispose();
            if (attempt == 100)
            {
                throw new InvalidOperationException($"sshd does not stay: {error}");
            }

            Thread.Sleep(100);
        }
    }

    private void Stop()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Waits until it does; false when it ended before.</summary>
    private bool Listens(Process process)
    {
        while (!process.HasExited)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                Thread.Sleep(50);
            }
        }

        return false;
    }
}
