using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Mounts;

/// <summary>For writers that write some few bytes synchronously, which a response must not: they are gathered and go out with the next write that waits.</summary>
internal sealed class GatheringStream(Stream target) : WriteOnlyStream
{
    private readonly MemoryStream _gathered = new();

    public override void Write(byte[] buffer, int offset, int count) => _gathered.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => _gathered.Write(buffer);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await SendAsync(cancellationToken);
        await target.WriteAsync(buffer, cancellationToken);
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken);
        await target.FlushAsync(cancellationToken);
    }

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (_gathered.Length > 0)
        {
            await target.WriteAsync(_gathered.GetBuffer().AsMemory(0, (int)_gathered.Length), cancellationToken);
            _gathered.SetLength(0);
        }
    }
}
