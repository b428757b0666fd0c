using VProtect.Abstractions;

namespace VProtect.Server.Api.Mounts;

/// <summary>A guest's file, to be read from its beginning to its end. A file that has less than its entry promised fails, rather than being filled up.</summary>
internal sealed class GuestFileStream(IGuestFiles files, string volume, string path, long lengthBytes) : Stream
{
    private const int PieceBytes = 1 << 20;

    private readonly MemoryStream _piece = new();
    private long _position;

    public override bool CanRead => true;

    /// <summary>So that a tar is told the length; it is never sought.</summary>
    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => lengthBytes;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == lengthBytes || buffer.IsEmpty)
        {
            return 0;
        }

        if (_piece.Position == _piece.Length)
        {
            _piece.SetLength(0);
            long wanted = Math.Min(PieceBytes, lengthBytes - _position);
            long read = await files.ReadAsync(
                volume,
                path,
                _position,
                wanted,
                bytes =>
                {
                    _piece.Write(bytes.Span);
                    return ValueTask.CompletedTask;
                },
                cancellationToken);
            if (read < wanted)
            {
                throw new VProtectException(
                    ErrorCode.GuestFilesBroken, ErrorSide.Source, $"The file {path} has {_position + read} bytes where its entry promises {lengthBytes}.", "The file system may be damaged. Take the other files without it.");
            }

            _piece.Position = 0;
        }

        int count = _piece.Read(buffer.Span);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
