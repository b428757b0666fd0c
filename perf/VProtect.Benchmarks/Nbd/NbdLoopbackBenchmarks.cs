using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using VProtect.Nbd;

namespace VProtect.Benchmarks.Nbd;

/// <summary>Reads of 256 KiB from <c>nbdkit memory</c> over a unix socket, 64 at once: the client's cost and the socket's.</summary>
public class NbdLoopbackBenchmarks
{
    private const int ReadBytes = 256 << 10;
    private const int ReadCount = 64;
    private const long SizeBytes = 64L << 20;
    private readonly Memory<byte>[] _buffers = [.. Enumerable.Range(0, ReadCount).Select(_ => new byte[ReadBytes].AsMemory())];
    private readonly Task[] _reads = new Task[ReadCount];
    private string _directory = "";
    private Process? _server;
    private NbdClient? _client;

    [Params(ReadBytes)]
    public int LengthBytes { get; set; }

    // Not awaited by the in-process toolchain, so not asynchronous to it.
    [GlobalSetup]
    public void Setup() => SetupAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Cleanup() => CleanupAsync().GetAwaiter().GetResult();

    private async Task SetupAsync()
    {
        _directory = Directory.CreateTempSubdirectory("vprotect-bench-").FullName;
        string socket = Path.Combine(_directory, "nbd");
        _server = Process.Start("nbdkit", ["-f", "-U", socket, "memory", SizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        for (int i = 0; i < 100 && !File.Exists(socket); i++)
        {
            await Task.Delay(20);
        }

        _client = await NbdClient.ConnectAsync(NbdUri.Parse($"nbd+unix:///?socket={socket}"), new NbdConnectOptions(), CancellationToken.None);
    }

    private async Task CleanupAsync()
    {
        await _client!.DisposeAsync();
        _server!.Kill();
        await _server.WaitForExitAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = ReadCount)]
    public Task Read()
    {
        for (int i = 0; i < ReadCount; i++)
        {
            _reads[i] = _client!.ReadAsync(i * (long)ReadBytes, _buffers[i], CancellationToken.None).AsTask();
        }

        return Task.WhenAll(_reads);
    }
}
