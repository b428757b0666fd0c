using Microsoft.Extensions.Logging;

namespace VProtect.Nbd.Server;

public sealed partial class NbdServer
{
    /// <summary>What the server says; ids from 1000.</summary>
    internal static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Information, "NBD client {Address} ({Subject}) uses export '{Export}'")]
        public static partial void Connected(ILogger logger, string address, string subject, string export);

        [LoggerMessage(1001, LogLevel.Information, "NBD client {Address} has left export '{Export}' after {Requests} requests, {ReadBytes} bytes read, {WrittenBytes} bytes written")]
        public static partial void Left(ILogger logger, string address, string export, long requests, long readBytes, long writtenBytes);

        [LoggerMessage(1002, LogLevel.Warning, "NBD client {Address} was refused: its address is in no allowed network")]
        public static partial void RefusedAddress(ILogger logger, string address);

        [LoggerMessage(1003, LogLevel.Warning, "NBD client {Address} was refused: it has {OfClient} connections and the server {All}, which is the limit, or the server is ending")]
        public static partial void RefusedForRoom(ILogger logger, string address, int ofClient, int all);

        [LoggerMessage(1004, LogLevel.Warning, "NBD client {Address} was disconnected: {Reason}")]
        public static partial void Disconnected(ILogger logger, string address, string reason);

        [LoggerMessage(1005, LogLevel.Warning, "NBD client {Address}: TLS failed: {Reason}")]
        public static partial void TlsFailed(ILogger logger, string address, string reason);

        [LoggerMessage(1006, LogLevel.Error, "NBD export '{Export}': {Request} of {LengthBytes} bytes at {OffsetBytes} failed")]
        public static partial void RequestFailed(ILogger logger, Exception exception, string export, string request, ulong lengthBytes, ulong offsetBytes);

        [LoggerMessage(1007, LogLevel.Error, "NBD client {Address}: the connection ended by an error of ours")]
        public static partial void ConnectionFailed(ILogger logger, Exception exception, string address);

        [LoggerMessage(1008, LogLevel.Warning, "The NBD server could not accept a connection")]
        public static partial void AcceptFailed(ILogger logger, Exception exception);
    }
}
