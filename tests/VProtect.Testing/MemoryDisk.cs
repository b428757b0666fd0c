using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>A disk in memory: source and target of backups in tests, and the model to compare with.</summary>
public sealed class MemoryDisk(byte[] content) : IBlockSource, IBlockTarget
{
    private MemoryStream? _stream;

    public byte[] Content => _stream?.ToArray() ?? content;

    /// <summary>What the source answers when asked for changes; null: that it cannot tell.</summary>
    public IReadOnlyList<Extent>? Changes { get; set; }

    /// <summary>What the source tells of itself; null: one data extent.</summary>
    public IReadOnlyList<Extent>? Extents { get; set; }

    /// <summary>Called before each read or write with offset and length; throws to inject a fault.</summary>
    public Action<long, int>? OnAccess { get; set; }

    public long WrittenBytes { get; private set; }

    public string Name => "memory";

    public long? SizeBytes => IsSequential ? null : Content.Length;

    public bool IsSequential { get; init; }

    public int ReadsInFlightMax => 4;

    public bool IsZeroed { get; init; } = true;

    public bool CanRead => true;

    public string? NextToken { get; init; }

    public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        foreach (Extent extent in Extents ?? [new Extent(0, Content.Length, ExtentKind.Data)])
        {
            if (extent.LengthBytes > 0)
            {
                yield return extent;
            }
        }
    }

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken) =>
        new(Changes is null || parent.SizeBytes != Content.Length
            ? new ChangedBlocks.MustFull("the disk in memory cannot tell")
            : new ChangedBlocks.Delta(Changes));

    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        OnAccess?.Invoke(offsetBytes, buffer.Length);
        int length = (int)Math.Min(buffer.Length, Content.Length - offsetBytes);
        Content.AsMemory((int)offsetBytes, length).CopyTo(buffer);
        return length;
    }

    async ValueTask IBlockTarget.ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        await ReadAsync(offsetBytes, buffer, cancellationToken);

    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await Task.Yield();
        OnAccess?.Invoke(offsetBytes, data.Length);
        if (IsSequential)
        {
            _stream ??= new MemoryStream();
            _stream.Position = offsetBytes;
            _stream.Write(data.Span);
            return;
        }

        data.CopyTo(Content.AsMemory((int)offsetBytes));
        lock (this)
        {
            WrittenBytes += data.Length;
        }
    }

    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) =>
        IsSequential
            ? WriteAsync(offsetBytes, new byte[lengthBytes], cancellationToken)
            : ClearAsync(offsetBytes, lengthBytes);

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask ClearAsync(long offsetBytes, long lengthBytes)
    {
        Content.AsSpan((int)offsetBytes, (int)lengthBytes).Clear();
        return ValueTask.CompletedTask;
    }
}
