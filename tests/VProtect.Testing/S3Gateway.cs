using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>Ceph's S3 gateway, with one bucket that tests share: each has a prefix of its own.</summary>
/// <param name="bytesMax">What it has room for.</param>
public sealed class S3Gateway(long bytesMax = 512L << 20) : IDisposable
{
    public const string AccessKey = "AKTESTKEY";
    public const string SecretKey = "vEry-Secret-S3-key-4711";
    public const string Bucket = "backup";

    private readonly CephCluster _cluster = new(bytesMax);

    /// <summary>The service's port on 127.0.0.1.</summary>
    public int Port => _cluster.GatewayPort;

    /// <summary>Starts it, and makes the bucket.</summary>
    public async Task StartAsync()
    {
        await _cluster.StartAsync();
        await StartAgainAsync();
        using AmazonS3Client client = NewClient();
        await client.PutBucketAsync(Bucket);
    }

    /// <summary>How many objects there are in a place, of those whose keys begin so.</summary>
    public async Task<int> CountAsync(string location, string prefix)
    {
        using AmazonS3Client client = NewClient();
        return (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = S3Place.Parse(location).Prefix + prefix })).S3Objects?.Count ?? 0;
    }

    /// <summary>A place of one test's own.</summary>
    /// <param name="port">Through which; by default the service's own.</param>
    public string NewLocation(int? port = null) => $"s3://{Bucket}/{Guid.NewGuid():N}?endpoint=http://127.0.0.1:{port ?? Port}";

    /// <summary>Kills it: connections are refused from now on.</summary>
    public void Stop() => _cluster.StopGateway();

    /// <summary>Starts it again, with what was stored.</summary>
    public Task StartAgainAsync() => _cluster.StartGatewayAsync(AccessKey, SecretKey);

    public void Dispose() => _cluster.Dispose();

    private AmazonS3Client NewClient() => new(
        new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config { ServiceURL = $"http://127.0.0.1:{Port}", AuthenticationRegion = "us-east-1", ForcePathStyle = true });
}
