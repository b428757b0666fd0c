using System.Diagnostics;
using System.Net.Sockets;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Tests.Testing;

/// <summary>A real server in the foreground, with a directory of its own; both are gone after disposal.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(string directory, Process process) => (Directory, _process) = (directory, process);

    public string Directory { get; }

    public string Socket => Path.Combine(Directory, "nbd.sock");

    public NbdUri Uri => NbdUri.Unix(Socket);

    public static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("vpnbd-").FullName;

    public static ServerProcess Nbdkit(params string[] arguments)
    {
        string directory = NewDirectory();

        // Under a shell: nbdkit in the foreground asks the kernel for SIGTERM when its parent ends (PR_SET_PDEATHSIG), and for that
        // the parent is the thread that started it. Started by the test host directly, it would end with a thread of the pool.
        return Start(directory, "sh", ["-c", "nbdkit \"$@\"; exit $?", "sh", "--foreground", "-U", Path.Combine(directory, "nbd.sock"), .. arguments]);
    }

    public static ServerProcess QemuNbd(string directory, params string[] arguments) =>
        Start(directory, "qemu-nbd", ["-t", "-k", Path.Combine(directory, "nbd.sock"), .. arguments]);

    public static ServerProcess StorageDaemon(string directory, params string[] arguments) =>
        Start(directory, "qemu-storage-daemon", ["--nbd-server", $"addr.type=unix,addr.path={directory}/nbd.sock", .. arguments]);

    public static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {errors.Result}{output}");
    }

    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static ServerProcess Start(string directory, string program, string[] arguments)
    {
        Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var server = new ServerProcess(directory, process);
        string said = "";
        process.ErrorDataReceived += (_, line) => said += line.Data + "\n";
        process.BeginErrorReadLine();
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                Greet(server.Socket);
                return server;
            }
            catch (SocketException) when (attempt < 1000 && !process.HasExited)
            {
                Thread.Sleep(10);
            }
            catch (SocketException e)
            {
                server.Dispose();
                throw new InvalidOperationException($"{program} did not start: {said}", e);
            }
        }
    }

    /// <summary>Connects and leaves as the protocol has it: nbdkit does not take well to a first client that just hangs up.</summary>
    private static void Greet(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        byte[] greeting = new byte[18];
        for (int got = 0; got < greeting.Length;)
        {
            int received = socket.Receive(greeting.AsSpan(got));
            got += received > 0 ? received : throw new SocketException((int)SocketError.ConnectionReset);
        }

        socket.Send(FakePeer.Big(3u, Magic.Newstyle, (uint)OptionCode.Abort, 0u));
        while (socket.Receive(greeting) > 0)
        {
        }
    }
}
