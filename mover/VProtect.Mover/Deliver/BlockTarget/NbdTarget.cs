using System.Runtime.CompilerServices;
using VProtect.Abstractions;
using VProtect.Nbd;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>A disk behind an NBD server, written in place.</summary>
internal sealed class NbdTarget : IBlockTarget
{
    private readonly NbdClient _client;
    private readonly long _sizeBytes;
    private int _disposed;

    private NbdTarget(NbdClient client, string name, long sizeBytes, bool isZeroed)
    {
        _client = client;
        _sizeBytes = sizeBytes;
        Name = name;
        IsZeroed = isZeroed;
    }

    public string Name { get; }

    public bool IsSequential => false;

    public bool IsZeroed { get; }

    public bool CanRead => true;

    /// <param name="uri">Server and export.</param>
    /// <param name="name">What the target is called.</param>
    /// <param name="isZeroed">Whether the export is known to be empty.</param>
    /// <param name="options">Size and connections.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    /// <exception cref="VProtectException">It cannot be reached, is read-only or too small.</exception>
    internal static async ValueTask<NbdTarget> OpenAsync(
        NbdUri uri, string name, bool isZeroed, TargetOptions options, CancellationToken cancellationToken)
    {
        NbdClient client;
        try
        {
            NbdConnectOptions connectOptions = NbdConnectOptions.Default with
            {
                MetaContexts = [NbdMetaContext.BaseAllocation],
                ConnectionsMax = options.ConnectionsMax,
            };
            client = await NbdClient.ConnectAsync(uri, connectOptions, cancellationToken);
        }
        catch (NbdException exception)
        {
            throw TargetErrors.FromNbd(exception, name, ErrorCode.TargetUnavailable);
        }

        VProtectException? unfit =
            client.Flags.HasFlag(NbdExportFlags.ReadOnly)
                ? TargetErrors.Unavailable($"{name} is read-only.", "Export it writable.")
                : client.SizeBytes < options.SizeBytes
                    ? TargetErrors.TooSmall(name, client.SizeBytes, options.SizeBytes)
                    : null;
        if (unfit is not null)
        {
            await client.DisposeAsync();
            throw unfit;
        }

        return new NbdTarget(client, name, options.SizeBytes, isZeroed);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        try
        {
            await _client.WriteAsync(offsetBytes, data, fua: false, cancellationToken);
        }
        catch (NbdException exception)
        {
            throw TargetErrors.FromNbd(exception, Name, ErrorCode.TargetWriteFailed);
        }
    }

    public async ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        try
        {
            if (_client.Flags.HasFlag(NbdExportFlags.SendWriteZeroes))
            {
                await _client.WriteZeroesAsync(offsetBytes, lengthBytes, NbdWriteZeroesFlags.None, cancellationToken);
                return;
            }

            for (long done = 0; done < lengthBytes;)
            {
                ReadOnlyMemory<byte> zeros = Zeros.Take(lengthBytes - done);
                await _client.WriteAsync(offsetBytes + done, zeros, fua: false, cancellationToken);
                done += zeros.Length;
            }
        }
        catch (NbdException exception)
        {
            throw TargetErrors.FromNbd(exception, Name, ErrorCode.TargetWriteFailed);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await _client.ReadAsync(offsetBytes, buffer, cancellationToken);
        }
        catch (NbdException exception)
        {
            throw TargetErrors.FromNbd(exception, Name, ErrorCode.TargetWriteFailed);
        }
    }

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        GetAllocationAsync(cancellationToken).TranslateErrors<Extent, NbdException>(
            exception => TargetErrors.FromNbd(exception, Name, ErrorCode.TargetWriteFailed), cancellationToken);

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A server without flush has nothing to flush, or lies to everybody alike.
            if (_client.Flags.HasFlag(NbdExportFlags.SendFlush))
            {
                await _client.FlushAsync(cancellationToken);
            }
        }
        catch (NbdException exception)
        {
            throw TargetErrors.FromNbd(exception, Name, ErrorCode.TargetWriteFailed);
        }
    }

    // Twice where an image is completed: its server must have no client when it is told to end.
    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _disposed, 1) == 0 ? _client.DisposeAsync() : ValueTask.CompletedTask;

    private async IAsyncEnumerable<Extent> GetAllocationAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_client.MetaContexts.Contains(NbdMetaContext.BaseAllocation))
        {
            yield return new Extent(0, _sizeBytes, ExtentKind.Data);
            yield break;
        }

        await foreach (NbdExtent extent in _client.GetExtentsAsync(NbdMetaContext.BaseAllocation, 0, _sizeBytes, cancellationToken))
        {
            ExtentKind kind = (extent.Flags & NbdMetaContext.Zero) != 0 ? ExtentKind.Zero : ExtentKind.Data;
            yield return new Extent(extent.OffsetBytes, extent.LengthBytes, kind);
        }
    }
}
