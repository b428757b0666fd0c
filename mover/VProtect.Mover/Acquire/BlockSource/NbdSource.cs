using System.Runtime.CompilerServices;
using VProtect.Abstractions;
using VProtect.Nbd;

namespace VProtect.Mover.Acquire.BlockSource;

/// <summary>
/// A disk behind an NBD server. Its allocation tells the zeros (<c>base:allocation</c>), a dirty bitmap of QEMU tells what
/// changed (<c>qemu:dirty-bitmap:NAME</c>).
/// </summary>
internal sealed class NbdSource : IBlockSource
{
    private const int RequestsPerConnection = 8;

    // Far less than a server tells in one answer, far more than dirty ranges usually lie apart.
    private const long AllocationGapBytes = 64L << 20;

    private readonly NbdClient _client;
    private readonly string? _bitmap;
    private readonly string? _nextBitmap;
    private readonly PlatformTokens? _tokens;
    private readonly IReadOnlyList<Extent>? _changed;

    private NbdSource(NbdClient client, string name, SourceOptions options)
    {
        _client = client;
        _bitmap = options.Bitmap;
        _nextBitmap = options.NextBitmap;
        _tokens = options.Tokens;
        _changed = options.Changed;
        Name = name;
    }

    public string Name { get; }

    public long? SizeBytes => _client.SizeBytes;

    public bool IsSequential => false;

    public int ReadsInFlightMax => RequestsPerConnection * _client.ConnectionCount;

    public string? NextToken => _tokens is not null ? _tokens.Next : _nextBitmap is null ? null : QemuBitmapToken.Write(_nextBitmap);

    /// <param name="uri">Server and export.</param>
    /// <param name="name">What the source is called.</param>
    /// <param name="options">Bitmap and connections.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    /// <exception cref="VProtectException">The server cannot be reached or does not offer the export.</exception>
    internal static async ValueTask<NbdSource> OpenAsync(
        NbdUri uri, string name, SourceOptions options, CancellationToken cancellationToken)
    {
        try
        {
            List<string> contexts = [NbdMetaContext.BaseAllocation];
            if (options.Bitmap is { } bitmap)
            {
                contexts.Add(NbdMetaContext.QemuDirtyBitmap(bitmap));
            }

            NbdConnectOptions connectOptions = NbdConnectOptions.Default with
            {
                MetaContexts = contexts,
                ConnectionsMax = options.ConnectionsMax,
                RequestsInFlightMax = RequestsPerConnection,
            };
            return new NbdSource(await NbdClient.ConnectAsync(uri, connectOptions, cancellationToken), name, options);
        }
        catch (NbdException exception)
        {
            throw SourceErrors.FromNbd(exception, name, ErrorCode.SourceUnavailable);
        }
    }

    public IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        GetAllocationAsync(0, _client.SizeBytes, cancellationToken).TranslateErrors<Extent, NbdException>(
            exception => SourceErrors.FromNbd(exception, Name, ErrorCode.SourceReadFailed), cancellationToken);

    public async ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken)
    {
        if (FindReasonForFull(parent) is { } reason)
        {
            return new ChangedBlocks.MustFull(reason);
        }

        try
        {
            List<Extent> dirty = _changed is null ? await GetDirtyAsync(cancellationToken) : [.. Within(_changed, _client.SizeBytes)];
            var allocation = new List<Extent>();
            foreach (Extent window in DirtyExtents.Windows(dirty, AllocationGapBytes))
            {
                await foreach (Extent extent in GetAllocationAsync(window.OffsetBytes, window.LengthBytes, cancellationToken))
                {
                    allocation.Add(extent);
                }
            }

            return new ChangedBlocks.Delta(DirtyExtents.Intersect(dirty, allocation));
        }
        catch (NbdException exception)
        {
            return new ChangedBlocks.MustFull($"the server could not tell the changed blocks: {exception.Message}");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await _client.ReadAsync(offsetBytes, buffer, cancellationToken);
            return buffer.Length;
        }
        catch (NbdException exception)
        {
            throw SourceErrors.FromNbd(exception, Name, ErrorCode.SourceReadFailed);
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private string? FindReasonForFull(ParentDisk parent)
    {
        if (_bitmap is null && _changed is null)
        {
            return _tokens is null ? "no dirty bitmap was named" : "the platform has no record of what changed";
        }

        if (_bitmap is not null && !_client.MetaContexts.Contains(NbdMetaContext.QemuDirtyBitmap(_bitmap)))
        {
            return $"the export has no dirty bitmap '{_bitmap}'";
        }

        if (parent.SizeBytes != _client.SizeBytes)
        {
            return $"the disk has {_client.SizeBytes} bytes and had {parent.SizeBytes} in restore point {parent.RestorePoint}";
        }

        if (_tokens is not null)
        {
            return _tokens.Since is not null && _tokens.Since == parent.Token
                ? null
                : $"the platform's record of changes did not begin at restore point {parent.RestorePoint}";
        }

        // Without a token the administrator's word is all there is; the backup then holds the delta against the disk itself.
        if (parent.Token is null)
        {
            return null;
        }

        return QemuBitmapToken.TryRead(parent.Token) switch
        {
            null => $"the changed-block token of restore point {parent.RestorePoint} is not one of a QEMU dirty bitmap",
            { } name when name != _bitmap =>
                $"restore point {parent.RestorePoint} belongs to dirty bitmap '{name}' and not to '{_bitmap}'",
            _ => null,
        };
    }

    /// <summary>A platform may tell of whole objects of its own, of which the disk has only a part.</summary>
    private static IEnumerable<Extent> Within(IReadOnlyList<Extent> extents, long sizeBytes) =>
        from extent in extents
        where extent.OffsetBytes < sizeBytes
        select extent with { LengthBytes = Math.Min(extent.EndBytes, sizeBytes) - extent.OffsetBytes };

    private async ValueTask<List<Extent>> GetDirtyAsync(CancellationToken cancellationToken)
    {
        var dirty = new List<Extent>();
        string context = NbdMetaContext.QemuDirtyBitmap(_bitmap!);
        await foreach (NbdExtent extent in _client.GetExtentsAsync(context, 0, _client.SizeBytes, cancellationToken))
        {
            if ((extent.Flags & NbdMetaContext.Dirty) != 0)
            {
                DirtyExtents.Append(dirty, new Extent(extent.OffsetBytes, extent.LengthBytes, ExtentKind.Data));
            }
        }

        return dirty;
    }

    private async IAsyncEnumerable<Extent> GetAllocationAsync(
        long offsetBytes, long lengthBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_client.MetaContexts.Contains(NbdMetaContext.BaseAllocation))
        {
            yield return new Extent(offsetBytes, lengthBytes, ExtentKind.Data);
            yield break;
        }

        await foreach (NbdExtent extent in _client.GetExtentsAsync(
            NbdMetaContext.BaseAllocation, offsetBytes, lengthBytes, cancellationToken))
        {
            // Only the zero bit says how a range reads; a hole without it may read as anything.
            ExtentKind kind = (extent.Flags & NbdMetaContext.Zero) != 0 ? ExtentKind.Zero : ExtentKind.Data;
            yield return new Extent(extent.OffsetBytes, extent.LengthBytes, kind);
        }
    }
}
