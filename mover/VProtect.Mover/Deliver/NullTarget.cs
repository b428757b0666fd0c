using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Mover.Deliver;

/// <summary>Takes everything and keeps nothing: reading a restore point without restoring it.</summary>
public sealed class NullTarget : IBlockTarget
{
    /// <inheritdoc/>
    public string Name => "nowhere";

    /// <inheritdoc/>
    public bool IsSequential => false;

    /// <inheritdoc/>
    public bool IsZeroed => true;

    /// <inheritdoc/>
    public bool CanRead => false;

    /// <inheritdoc/>
    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Nothing is kept.");

    /// <inheritdoc/>
    public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        yield break;
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
