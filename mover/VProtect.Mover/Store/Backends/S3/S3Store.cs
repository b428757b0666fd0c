using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.S3;

/// <summary>
/// Objects of a bucket of S3 or what speaks its protocol, under a prefix. Many processes and machines may use it at once.
/// <list type="bullet">
/// <item>Created if absent by <c>If-None-Match: *</c>. A service that ignores it is found out before the first object is made, and refused: leases could not be trusted.</item>
/// <item>An object of several parts is completed by the same condition, and is looked for just before, for services that heed it for whole objects only
/// (Ceph before Tentacle): two creators of one key, of large objects, at the same instant are then not told apart. Large objects are packs, whose names are random.</item>
/// <item>Every body is signed by its SHA-256, which the service checks; what is read is checked by what the repository's format says.</item>
/// </list>
/// </summary>
internal sealed class S3Store : IObjectStore
{
    /// <summary>Tells a creator, whose answer was lost and who asks again, that it was he.</summary>
    private const string WriterHeader = "x-amz-meta-vprotect-writer";

    private readonly S3Place _place;
    private readonly S3Requests _requests;
    private readonly S3Options _options;
    private volatile bool _isProven;

    internal S3Store(S3Place place, S3Credentials? credentials, S3Options options, TimeProvider time)
    {
        _place = place;
        _options = options;
        _requests = new S3Requests(place, credentials, options, time);
        Properties = new StoreProperties { ObjectBytesMax = 10_000L * options.PartBytes, ListIsConsistent = true, CanRetain = false, Distance = StoreDistance.Service };
    }

    /// <inheritdoc/>
    public string Name => _place.Name;

    /// <inheritdoc/>
    public StoreProperties Properties { get; }

    /// <inheritdoc/>
    public async ValueTask<IObjectWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        await ProveAsync(cancellationToken);
        return new S3Writer(this, key, _options);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        await ProveAsync(cancellationToken);
        return await PutAsync(key, content, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string key, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        if (buffer.Length == 0)
        {
            return await GetSizeAsync(key, cancellationToken) is null ? -1 : 0;
        }

        var request = new GetObjectRequest
        {
            BucketName = _place.Bucket,
            Key = NameOf(key),
            ByteRange = new ByteRange(offsetBytes, offsetBytes + buffer.Length - 1),
        };
        try
        {
            return await _requests.RunAsync(token => ReadOnceAsync(request, buffer, token), e => S3Errors.IsMissingObject(e) || IsBeyondEnd(e), cancellationToken);
        }
        catch (AmazonS3Exception e) when (S3Errors.IsMissingObject(e))
        {
            return -1;
        }
        catch (AmazonS3Exception e) when (IsBeyondEnd(e))
        {
            return 0;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetSizeAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return (await HeadAsync(key, cancellationToken))?.ContentLength;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ValidatePrefix(prefix);
        var request = new ListObjectsV2Request { BucketName = _place.Bucket, Prefix = NameOf(prefix) };
        do
        {
            ListObjectsV2Response page = await _requests.RunAsync(
                token => _requests.Client.ListObjectsV2Async(request, token), static _ => false, cancellationToken);
            foreach (S3Object found in page.S3Objects ?? [])
            {
                string key = found.Key[_place.Prefix.Length..];
                // Names that begin with a dot are no objects' (what ProveAsync makes); those that end with a slash are folders of other programs.
                if (!key.StartsWith('.') && !key.Contains("/.", StringComparison.Ordinal) && !key.EndsWith('/') && key.Length > 0)
                {
                    yield return new ObjectInfo(key, found.Size ?? 0);
                }
            }

            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        if (await HeadAsync(key, cancellationToken) is null)
        {
            return false;
        }

        await RemoveAsync(NameOf(key), cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask<StoreSpace?> GetSpaceAsync(CancellationToken cancellationToken) => ValueTask.FromResult<StoreSpace?>(null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _requests.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>One request; false when the key exists, made by somebody else.</summary>
    internal async Task<bool> PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string writer = Guid.NewGuid().ToString("N");
        return await _requests.RunAsync(
            async token =>
            {
                try
                {
                    await PutOnceAsync(NameOf(key), content, writer, token);
                    return true;
                }
                catch (AmazonS3Exception e) when (S3Errors.IsPreconditionFailed(e))
                {
                    // Perhaps by an earlier try, whose answer was lost: ours, or one that the library made for us.
                    return await IsOfAsync(key, writer, token);
                }
            },
            static _ => false,
            cancellationToken);
    }

    /// <summary>Begins an object of several parts.</summary>
    internal async Task<string> BeginPartsAsync(string key, string writer, CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = _place.Bucket, Key = NameOf(key) };
        request.Metadata.Add(WriterHeader, writer);
        return (await _requests.RunAsync(token => _requests.Client.InitiateMultipartUploadAsync(request, token), static _ => false, cancellationToken)).UploadId;
    }

    /// <summary>Puts a part there; the same part again replaces it.</summary>
    internal async Task<PartETag> PutPartAsync(string key, string upload, int number, byte[] buffer, int length, CancellationToken cancellationToken)
    {
        UploadPartResponse answer = await _requests.RunAsync(
            async token =>
            {
                using var body = new MemoryStream(buffer, 0, length, writable: false);
                var request = new UploadPartRequest
                {
                    BucketName = _place.Bucket,
                    Key = NameOf(key),
                    UploadId = upload,
                    PartNumber = number,
                    PartSize = length,
                    InputStream = body,
                    UseChunkEncoding = false,
                };
                return await _requests.Client.UploadPartAsync(request, token);
            },
            static _ => false,
            cancellationToken);
        return new PartETag(number, answer.ETag);
    }

    /// <summary>Makes an object of its parts; false when the key exists.</summary>
    internal async Task<bool> CompletePartsAsync(string key, string upload, string writer, List<PartETag> parts, CancellationToken cancellationToken)
    {
        if (await HeadAsync(key, cancellationToken) is not null)
        {
            return false;
        }

        var request = new CompleteMultipartUploadRequest { BucketName = _place.Bucket, Key = NameOf(key), UploadId = upload, PartETags = parts, IfNoneMatch = "*" };
        return await _requests.RunAsync(
            async token =>
            {
                try
                {
                    await _requests.Client.CompleteMultipartUploadAsync(request, token);
                    return true;
                }
                catch (AmazonS3Exception e) when (S3Errors.IsPreconditionFailed(e) || e.StatusCode == HttpStatusCode.NotFound)
                {
                    // An earlier try may have done it, and its answer was lost.
                    bool isOurs = await IsOfAsync(key, writer, token);
                    return isOurs || S3Errors.IsPreconditionFailed(e) ? isOurs : throw S3Errors.Translate(_place, e);
                }
            },
            static _ => false,
            cancellationToken);
    }

    /// <summary>Gives up an object of several parts: nothing of it is left.</summary>
    internal async Task AbortPartsAsync(string key, string upload, CancellationToken cancellationToken)
    {
        var request = new AbortMultipartUploadRequest { BucketName = _place.Bucket, Key = NameOf(key), UploadId = upload };
        try
        {
            await _requests.RunAsync(token => _requests.Client.AbortMultipartUploadAsync(request, token), S3Errors.IsMissingObject, cancellationToken);
        }
        catch (AmazonS3Exception e) when (S3Errors.IsMissingObject(e))
        {
            // It was completed or given up already.
        }
    }

    private string NameOf(string key) => _place.Prefix + key;

    private static bool IsBeyondEnd(Exception cause) => cause is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable };

    private async Task<int> ReadOnceAsync(GetObjectRequest request, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using GetObjectResponse answer = await _requests.Client.GetObjectAsync(request, cancellationToken);
        if (answer.HttpStatusCode != HttpStatusCode.PartialContent && request.ByteRange.Start > 0)
        {
            throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, $"{_place.Service} does not heed ranges.", "Ask its maker for a version that answers 'Range' with 206, or use another.");
        }

        int length = (int)Math.Min(buffer.Length, answer.ContentLength);
        int read = await answer.ResponseStream.ReadAtLeastAsync(buffer[..length], length, throwOnEndOfStream: false, cancellationToken);
        return read == length ? read : throw new IOException($"the answer ended after {read} of {length} bytes");
    }

    private async Task<GetObjectMetadataResponse?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var request = new GetObjectMetadataRequest { BucketName = _place.Bucket, Key = NameOf(key) };
        try
        {
            return await _requests.RunAsync(token => _requests.Client.GetObjectMetadataAsync(request, token), S3Errors.IsMissingObject, cancellationToken);
        }
        catch (AmazonS3Exception e) when (S3Errors.IsMissingObject(e))
        {
            return null;
        }
    }

    private async Task<bool> IsOfAsync(string key, string writer, CancellationToken cancellationToken) =>
        await HeadAsync(key, cancellationToken) is { } head && head.Metadata[WriterHeader] == writer;

    private async Task PutOnceAsync(string name, ReadOnlyMemory<byte> content, string writer, CancellationToken cancellationToken)
    {
        ArraySegment<byte> bytes = MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array) && array.Array is not null ? array : content.ToArray();
        using var body = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
        var request = new PutObjectRequest
        {
            BucketName = _place.Bucket,
            Key = name,
            InputStream = body,
            AutoCloseStream = false,
            IfNoneMatch = "*",
            UseChunkEncoding = false,
        };
        request.Metadata.Add(WriterHeader, writer);
        await _requests.Client.PutObjectAsync(request, cancellationToken);
    }

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var request = new DeleteObjectRequest { BucketName = _place.Bucket, Key = name };
        await _requests.RunAsync(token => _requests.Client.DeleteObjectAsync(request, token), static _ => false, cancellationToken);
    }

    /// <summary>Once for each store that is written to: does the service keep the second of two creators from replacing what the first made?</summary>
    private async Task ProveAsync(CancellationToken cancellationToken)
    {
        if (_isProven)
        {
            return;
        }

        string key = ".probe-" + Guid.NewGuid().ToString("N");
        bool heeds = false;
        try
        {
            heeds = await PutAsync(key, default, cancellationToken) && !await PutAsync(key, default, cancellationToken);
        }
        catch (VProtectException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotImplemented })
        {
            // It says so itself.
        }

        await RemoveAsync(NameOf(key), cancellationToken);
        _isProven = heeds
            ? true
            : throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, $"{_place.Service} does not heed 'If-None-Match: *' when an object is made, without which two writers overwrite each other's objects.",
                "Use a service or a version that does: Amazon S3, Ceph, MinIO and others do.");
    }
}
