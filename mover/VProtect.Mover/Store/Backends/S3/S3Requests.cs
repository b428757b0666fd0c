using System.Security.Cryptography.X509Certificates;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.S3;

/// <summary>
/// Requests to one service, each tried again while its failure may pass: while the service is away, who reads or writes stands still and then goes on, until the
/// deadline. The library's own retries are off, since it does not tell them.
/// </summary>
internal sealed class S3Requests : IDisposable
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(3);

    private readonly S3Place _place;
    private readonly S3Options _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private volatile bool _hasAnswered;

    internal S3Requests(S3Place place, S3Credentials? credentials, S3Options options, TimeProvider time)
    {
        _place = place;
        _options = options;
        _time = time;
        _http = NewHttp(place);
        var config = new AmazonS3Config
        {
            AuthenticationRegion = place.Region,
            ForcePathStyle = place.IsPathStyle,
            MaxErrorRetry = 0,
            HttpClientFactory = new OneHttpClient(_http),
            // Services other than Amazon's refuse what is not required. Bodies are checked by the SHA-256 that signs them.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (place.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(place.Region);
        }

        Client = credentials switch
        {
            null when place.Profile is { } profile => new AmazonS3Client(OfProfile(place, profile), config),
            null => new AmazonS3Client(config),
            { SessionToken: { } token } => new AmazonS3Client(new SessionAWSCredentials(credentials.AccessKey, credentials.SecretKey, token), config),
            _ => new AmazonS3Client(new BasicAWSCredentials(credentials.AccessKey, credentials.SecretKey), config),
        };
    }

    internal AmazonS3Client Client { get; }

    /// <summary>Does a request, again and again while its failure may pass. What <paramref name="isAnswer"/> takes for one is thrown as it came.</summary>
    /// <param name="attempt">The request.</param>
    /// <param name="isAnswer">Which failures the caller understands.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    internal async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, Func<Exception, bool> isAnswer, CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        for (int tries = 0; ; tries++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                limit.CancelAfter(_options.AttemptTimeMax);
                try
                {
                    T answer = await attempt(limit.Token);
                    _hasAnswered = true;
                    return answer;
                }
                catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not VProtectException)
                {
                    throw new OperationCanceledException("The request was cancelled.", e, cancellationToken);
                }
                catch (Exception e) when (!isAnswer(e) && S3Errors.IsPassing(e))
                {
                    TimeSpan elapsed = _time.GetElapsedTime(began);
                    if (elapsed >= (_hasAnswered ? _options.Deadline : _options.FirstDeadline))
                    {
                        throw S3Errors.Translate(_place, e, elapsed);
                    }
                }
                catch (Exception e) when (!isAnswer(e) && e is (AmazonServiceException or AmazonClientException or HttpRequestException))
                {
                    throw S3Errors.Translate(_place, e);
                }
            }

            // Half of it by chance, so that many who failed at once do not come back at once.
            TimeSpan wait = TimeSpan.FromMilliseconds(Math.Min(100 << Math.Min(tries, 10), WaitMax.TotalMilliseconds) * (0.5 + (Random.Shared.NextDouble() / 2)));
            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        _http.Dispose();
    }

    private static AWSCredentials OfProfile(S3Place place, string profile) =>
        new CredentialProfileStoreChain(Environment.GetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE")).TryGetAWSCredentials(profile, out AWSCredentials credentials)
            ? credentials
            : throw new VProtectException(
                ErrorCode.StoreDenied, ErrorSide.Request, $"There is no profile '{profile}' with keys for bucket '{place.Bucket}' at {place.Service}.",
                "Write it into ~/.aws/credentials of the user that this runs as, or correct profile=.");

    private static HttpClient NewHttp(S3Place place)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectTime,
            ConnectCallback = PromptStream.ConnectAsync,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        if (place.CertificateFile is { } file)
        {
            handler.SslOptions.CertificateChainPolicy = PolicyOf(file);
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static X509ChainPolicy PolicyOf(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"ca: '{file}' cannot be read ({e.Message}).", "Name a file of certificates in PEM.", inner: e);
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"ca: '{file}' holds no certificate.", "Name a file of certificates in PEM.");
    }

    private sealed class OneHttpClient(HttpClient client) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => client;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
