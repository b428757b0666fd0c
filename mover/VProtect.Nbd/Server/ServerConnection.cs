using System.IO.Pipelines;
using System.Net.Sockets;

namespace VProtect.Nbd.Server;

/// <summary>
/// A client's connection from accept to close: handshake, transmission, deadlines. Its own task is the only one that reads from
/// the socket; the reply sender is the only one that writes.
/// </summary>
internal sealed class ServerConnection : IDisposable
{
    private readonly NbdServer _server;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _receiveDeadline;
    private long _sendDeadline = long.MaxValue;
    private string? _cutReason;
    private volatile Transmission? _transmission;
    private volatile bool _isStopping;

    public ServerConnection(NbdServer server, Socket socket, long number, string address)
    {
        (_server, _socket, Number, Address, Ended) = (server, socket, number, address, _ended.Token);
        SetReceiveDeadline(server.Options.HandshakeTimeout);
    }

    public NbdServer Server => _server;

    public long Number { get; }

    public string Address { get; }

    public bool IsTcp => _socket.AddressFamily != AddressFamily.Unix;

    /// <summary>The subject of the client's certificate.</summary>
    public string? Subject { get; set; }

    public ServedExport? Export => _transmission?.Export;

    public bool IsStopping => _isStopping;

    /// <summary>Cancelled when the connection is cut.</summary>
    public CancellationToken Ended { get; }

    public void Start(Action onEnd) => _ = Task.Run(() => RunAsync(onEnd));

    public NbdClientInfo Describe() => new(
        Number, Address, Subject, Export?.Name, _transmission?.ReadBytes ?? 0, _transmission?.WrittenBytes ?? 0, _transmission?.RequestCount ?? 0);

    /// <summary>Lets work end and be answered, then closes.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        _isStopping = true;
        if (_transmission is not { } transmission)
        {
            Cut(reason: null);
        }
        else
        {
            transmission.Stop();
            if (grace <= TimeSpan.Zero || await Task.WhenAny(_done.Task, Task.Delay(grace, _server.Time, CancellationToken.None)) != _done.Task)
            {
                Cut(reason: null);
            }
        }

        await _done.Task;
    }

    /// <summary>Closes at once; whatever waits for the client fails.</summary>
    /// <param name="reason">What the log says; null for nothing.</param>
    public void Cut(string? reason)
    {
        _cutReason ??= reason;
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        _socket.Dispose();
    }

    /// <summary>By when the client must have sent something; null: whenever it likes.</summary>
    public void SetReceiveDeadline(TimeSpan? within) => Volatile.Write(ref _receiveDeadline, DeadlineOf(within));

    /// <summary>By when the client must have taken something; null: nothing waits for it.</summary>
    public void SetSendDeadline(TimeSpan? within) => Volatile.Write(ref _sendDeadline, DeadlineOf(within));

    public void CheckDeadline()
    {
        long now = _server.Time.GetTimestamp();
        if (now > Volatile.Read(ref _sendDeadline))
        {
            Cut("it took no replies for too long");
        }
        else if (now > Volatile.Read(ref _receiveDeadline))
        {
            if (_transmission is { IsOwing: true })
            {
                SetReceiveDeadline(_server.Options.IdleTimeout);
                return;
            }

            Cut(_transmission is null ? "it did not end its handshake in time" : "it sent nothing for too long");
        }
    }

    /// <summary>Its own task calls it at its end.</summary>
    public void Dispose() => _ended.Dispose();

    private long DeadlineOf(TimeSpan? within) =>
        within is { } span ? _server.Time.GetTimestamp() + (long)(span.TotalSeconds * _server.Time.TimestampFrequency) : long.MaxValue;

    private async Task RunAsync(Action onEnd)
    {
        Stream? stream = null;
        PipeReader? input = null;
        try
        {
            if (IsTcp)
            {
                _socket.NoDelay = true;
                _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            }

            stream = new NetworkStream(_socket, ownsSocket: true);
            var handshake = new ServerHandshake(this, stream);
            try
            {
                if (await handshake.RunAsync(Ended) is { } terms)
                {
                    using var transmission = new Transmission(this, handshake.Stream, handshake.Input, terms);
                    _transmission = transmission;
                    NbdServer.Log.Connected(_server.Logger, Address, Subject ?? "no certificate", terms.Export.Name);

                    _server.TellArrival(Describe());
                    try
                    {
                        // Either who withdraws an export, or stops the server, sees this one in it, or this one sees that it was withdrawn.
                        Interlocked.MemoryBarrier();
                        if (!_isStopping && _server.Find(terms.Export.Name) == terms.Export)
                        {
                            await transmission.RunAsync();
                        }
                    }
                    finally
                    {
                        _server.TellLeaving(Describe());
                    }

                    NbdServer.Log.Left(
                        _server.Logger, Address, terms.Export.Name, transmission.RequestCount, transmission.ReadBytes, transmission.WrittenBytes);
                }
            }
            finally
            {
                (stream, input) = (handshake.Stream, handshake.Input);
            }

            if (_cutReason is { } reason)
            {
                NbdServer.Log.Disconnected(_server.Logger, Address, reason);
            }
        }
        catch (ClientFaultException e)
        {
            NbdServer.Log.Disconnected(_server.Logger, Address, _cutReason ?? e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            if (_cutReason is { } reason)
            {
                NbdServer.Log.Disconnected(_server.Logger, Address, reason);
            }
        }
        catch (Exception e)
        {
            // Our bug: it ends this client and nobody else.
            NbdServer.Log.ConnectionFailed(_server.Logger, e, Address);
        }
        finally
        {
            await CloseAsync(stream, input);
            onEnd();
            Dispose();
            _done.SetResult();
        }
    }

    private async ValueTask CloseAsync(Stream? stream, PipeReader? input)
    {
        try
        {
            if (!_ended.IsCancellationRequested)
            {
                if (stream is System.Net.Security.SslStream tls)
                {
                    await tls.ShutdownAsync();
                }

                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }

        if (input is not null)
        {
            await input.CompleteAsync();
        }

        if (stream is not null)
        {
            await stream.DisposeAsync();
        }

        _socket.Dispose();
    }
}

/// <summary>A client broke the protocol beyond what can be answered; its connection ends.</summary>
internal sealed class ClientFaultException(string message) : Exception(message);
