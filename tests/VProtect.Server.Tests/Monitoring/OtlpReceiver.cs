using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace VProtect.Server.Tests.Monitoring;

/// <summary>A message of protobuf, read without knowing what it is: fields by number.</summary>
internal sealed class WireMessage
{
    private readonly List<(int Field, ulong Number, byte[] Bytes)> _fields = [];

    public WireMessage(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            ulong tag = Varint(ref bytes);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add(((int)(tag >> 3), Varint(ref bytes), []));
                    break;
                case 1:
                    _fields.Add(((int)(tag >> 3), BinaryPrimitives.ReadUInt64LittleEndian(bytes), []));
                    bytes = bytes[8..];
                    break;
                case 2:
                    int length = checked((int)Varint(ref bytes));
                    _fields.Add(((int)(tag >> 3), 0, bytes[..length].ToArray()));
                    bytes = bytes[length..];
                    break;
                default:
                    throw new InvalidDataException($"Type {tag & 7} is used by nothing of OTLP that we send.");
            }
        }
    }

    public IEnumerable<WireMessage> All(int field) => _fields.Where(one => one.Field == field).Select(one => new WireMessage(one.Bytes));

    public IEnumerable<WireMessage> All(params int[] path) => path.Aggregate((IEnumerable<WireMessage>)[this], (messages, field) => messages.SelectMany(message => message.All(field)));

    public byte[] Bytes(int field) => _fields.Single(one => one.Field == field).Bytes;

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public bool Has(int field) => _fields.Exists(one => one.Field == field);

    public ulong Number(int field) => _fields.Single(one => one.Field == field).Number;

    public double Double(int field) => BitConverter.UInt64BitsToDouble(Number(field));

    public DateTimeOffset Time(int field) => DateTimeOffset.UnixEpoch.AddTicks((long)(Number(field) / 100));

    /// <summary>Attributes, KeyValue { 1 key, 2 AnyValue { 1 text, 2 truth, 3 whole number, 4 number } }, as text.</summary>
    public Dictionary<string, string> Attributes(int field) => All(field).ToDictionary(
        pair => pair.Text(1),
        pair => pair.All(2).Single() is var any && any.Has(1) ? any.Text(1) : any.Has(4) ? any.Double(4).ToString(null as IFormatProvider) : any.Number(any.Has(2) ? 2 : 3).ToString(null as IFormatProvider));

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}

/// <summary>What a receiver was sent.</summary>
internal sealed record OtlpRequest(string Path, IReadOnlyDictionary<string, string> Headers, WireMessage Message)
{
    /// <summary>What is carried: metrics, spans or log records.</summary>
    public IEnumerable<WireMessage> Carried => Message.All(1, 2, 2);
}

/// <summary>A receiver of OTLP over HTTP on a port of this machine.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<OtlpRequest> _requests = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>What it was sent until now.</summary>
    public IReadOnlyCollection<OtlpRequest> Requests => _requests;

    /// <summary>Status and body that it answers; by default that it took everything.</summary>
    public Func<OtlpRequest, (int Status, byte[] Body)> Answer { get; set; } = _ => (200, []);

    public int Port { get; private set; }

    public static async Task<OtlpReceiver> StartAsync(int port = 0, X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        WebApplication app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        receiver.Port = new Uri(app.Urls.Single()).Port;
        return receiver;
    }

    /// <summary>The first request that fits, among those that came and will come.</summary>
    public async Task<OtlpRequest> WaitAsync(Func<OtlpRequest, bool> fits)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if (_requests.FirstOrDefault(fits) is { } found)
            {
                return found;
            }

            await Task.Delay(50, patience.Token);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new OtlpRequest(
            context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            new WireMessage(body.ToArray()));
        (int status, byte[] answer) = Answer(request);
        if (status == 200)
        {
            _requests.Enqueue(request);
        }

        context.Response.StatusCode = status;
        await context.Response.Body.WriteAsync(answer);
    }
}
