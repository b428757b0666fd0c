using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;
using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.S3;

/// <summary>What the service or the way to it said → store errors.</summary>
internal static class S3Errors
{
    /// <summary>Whether the same request may succeed in a moment.</summary>
    internal static bool IsPassing(Exception cause) => cause switch
    {
        VProtectException => false,
        AmazonServiceException { StatusCode: HttpStatusCode.InsufficientStorage or HttpStatusCode.NotImplemented } => false,
        AmazonServiceException { StatusCode: HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout } => true,
        AmazonServiceException { ErrorCode: "SlowDown" or "RequestTimeout" or "InternalError" or "ServiceUnavailable" } => true,
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
        _ => IsOfTheNetwork(cause) && !Has<AuthenticationException>(cause),
    };

    internal static bool IsMissingObject(Exception cause) =>
        cause is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } e && e.ErrorCode != "NoSuchBucket";

    internal static bool IsPreconditionFailed(Exception cause) => cause is AmazonServiceException { StatusCode: HttpStatusCode.PreconditionFailed };

    internal static VProtectException Translate(S3Place place, Exception cause, TimeSpan? triedFor = null)
    {
        string said = cause is AmazonServiceException { ErrorCode: { Length: > 0 } code } ? $"{code} {cause.Message}".TrimEnd() : Innermost(cause).Message;
        string tried = triedFor is { TotalSeconds: >= 1 } time ? $", tried for {time.TotalSeconds:0} s" : "";
        return cause switch
        {
            AmazonServiceException { ErrorCode: "NoSuchBucket" } => New(
                ErrorCode.RepositoryNotFound, $"There is no bucket '{place.Bucket}' at {place.Service}.", "Check the bucket's name and the endpoint, or make the bucket; VProtect makes none."),
            AmazonServiceException { ErrorCode: "RequestTimeTooSkewed" } => New(
                ErrorCode.StoreDenied, $"{place.Service} refuses requests for bucket '{place.Bucket}': this machine's clock differs from its own ({said}).", "Set the clock; NTP keeps it right."),
            AmazonServiceException { ErrorCode: "QuotaExceeded" or "InsufficientStorage" or "XMinioStorageFull" } or AmazonServiceException { StatusCode: HttpStatusCode.InsufficientStorage } => New(
                ErrorCode.StoreFull, $"Bucket '{place.Bucket}' at {place.Service} is full ({said}).", "Raise its quota or extend the storage, then run the task again; nothing stored is lost.", RetryAdvice.Later),
            AmazonServiceException { ErrorCode: "InvalidAccessKeyId" } => New(
                ErrorCode.StoreDenied, $"{place.Service} knows no access key of the id that bucket '{place.Bucket}' is used with ({said}).",
                $"Correct the id of the access key: {KeyOf("the login", "AWS_ACCESS_KEY_ID")}."),
            AmazonServiceException { ErrorCode: "SignatureDoesNotMatch" } => New(
                ErrorCode.StoreDenied, $"{place.Service} knows the access key that bucket '{place.Bucket}' is used with, and its secret is another one ({said}).",
                $"Correct the secret access key: {KeyOf("the secret", "AWS_SECRET_ACCESS_KEY")}."),
            AmazonServiceException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => New(
                ErrorCode.StoreDenied, $"{place.Service} does not let bucket '{place.Bucket}' be used this way ({said}).",
                "Check that the bucket is the access key's to use, and that its policy allows ListBucket, GetObject, PutObject and DeleteObject there."),
            AmazonServiceException { StatusCode: HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect } or AmazonServiceException { ErrorCode: "AuthorizationHeaderMalformed" } => New(
                ErrorCode.StoreFailed, $"Bucket '{place.Bucket}' is not where requests for it go ({said}).", "Give the bucket's region and endpoint: ?region=NAME&endpoint=https://HOST."),
            _ when Has<AuthenticationException>(cause) => New(
                ErrorCode.StoreFailed, $"The certificate of {place.Service} is not trusted ({said}).", "Give the authority that made it: ?ca=FILE, in PEM."),
            AmazonServiceException { StatusCode: > 0 } => New(
                ErrorCode.StoreFailed, $"{place.Service} failed at bucket '{place.Bucket}' ({said}{tried}).", "Look at the service's own log and health, then run the task again.", RetryAdvice.Later),
            AmazonClientException when !IsOfTheNetwork(cause) => New(
                ErrorCode.StoreDenied, $"There is no access key for bucket '{place.Bucket}' at {place.Service}.",
                "Name a credential in the destination; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file of them in AWS_SHARED_CREDENTIALS_FILE."),
            OperationCanceledException => New(
                ErrorCode.StoreFailed, $"{place.Service} did not answer for bucket '{place.Bucket}'{tried}.", "Check the network and the service, then run the task again.", RetryAdvice.Later),
            _ => New(
                ErrorCode.StoreFailed, $"{place.Service} cannot be reached for bucket '{place.Bucket}' ({said}{tried}).", "Check the endpoint, the network and the service, then run the task again.", RetryAdvice.Later),
        };

        VProtectException New(ErrorCode code, string message, string guidance, RetryAdvice retry = RetryAdvice.Never) =>
            new(code, ErrorSide.Repository, message, guidance, retry, cause);

        static string KeyOf(string member, string variable) => $"{member} of the destination's credential; where none is named, {variable} or what the profile says";
    }

    private static bool IsOfTheNetwork(Exception cause) =>
        Has<HttpRequestException>(cause) || Has<IOException>(cause) || Has<SocketException>(cause) || Has<WebException>(cause) || Has<OperationCanceledException>(cause);

    private static bool Has<T>(Exception? cause)
        where T : Exception
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            if (cause is T)
            {
                return true;
            }
        }

        return false;
    }

    private static Exception Innermost(Exception cause) => cause.InnerException is { } inner ? Innermost(inner) : cause;
}
