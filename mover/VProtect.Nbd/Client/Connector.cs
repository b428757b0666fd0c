using System.Net.Sockets;
using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Client;

/// <summary>Dials and negotiates under one timeout, and cleans up when either fails.</summary>
internal static class Connector
{
    public static async Task<T> WithHandshakeAsync<T>(
        NbdUri uri, NbdConnectOptions options, Func<WireReader, Handshake, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        TlsUpgrade.Check(uri);
        using var timeout = new CancellationTokenSource(options.HandshakeTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        WireStream? stream = null;
        bool kept = false;
        try
        {
            stream = await Dialer.DialAsync(uri, either.Token);
            var reader = new WireReader(stream);
            var handshake = new Handshake(reader, uri, options);
            await handshake.OpenAsync(either.Token);
            T result = await work(reader, handshake, either.Token);
            kept = result is NbdConnection;
            return result;
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new NbdException(
                NbdErrorKind.TimedOut,
                $"The NBD server at {uri} did not finish the handshake within {options.HandshakeTimeout.TotalSeconds:0.###} s. Check that "
                + "it is an NBD server and not overloaded, or raise the handshake timeout.",
                e);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new NbdException(
                NbdErrorKind.HandshakeFailed,
                $"The connection to the NBD server at {uri} broke during the handshake. Check the server's log.",
                e);
        }
        finally
        {
            if (!kept)
            {
                stream?.Dispose();
                stream?.Release();
            }
        }
    }

    public static Task<NbdConnection> ConnectAsync(NbdUri uri, NbdConnectOptions options, CancellationToken ct) =>
        WithHandshakeAsync(
            uri,
            options,
            async (reader, handshake, token) => new NbdConnection(reader, await handshake.GoAsync(token), options),
            ct);
}
