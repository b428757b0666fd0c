using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VProtect.EndToEnd.Tests;

/// <summary>Speaks QMP, QEMU's control protocol, over its unix socket: one command at a time; events are passed over.</summary>
internal sealed class QmpClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    public QmpClient(string path)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                _socket.Connect(new UnixDomainSocketEndPoint(path));
                break;
            }
            catch (SocketException) when (attempt < 3000)
            {
                Thread.Sleep(10);
            }
        }

        _socket.ReceiveTimeout = 60_000;
        var stream = new NetworkStream(_socket);
        _reader = new StreamReader(stream);
        _writer = new StreamWriter(stream) { AutoFlush = true };
        _ = _reader.ReadLine(); // the greeting
        Execute("qmp_capabilities");
    }

    public JsonElement Execute(string command, JsonObject? arguments = null)
    {
        _writer.WriteLine(new JsonObject { ["execute"] = command, ["arguments"] = arguments ?? [] }.ToJsonString());
        while (true)
        {
            JsonElement answer = JsonDocument.Parse(_reader.ReadLine() ?? throw new EndOfStreamException("QEMU hung up.")).RootElement;
            if (answer.TryGetProperty("return", out JsonElement value))
            {
                return value;
            }

            if (answer.TryGetProperty("error", out JsonElement error))
            {
                throw new InvalidOperationException($"{command}: {error}");
            }
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
