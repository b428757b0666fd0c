namespace VProtect.Abstractions;

/// <summary>
/// Where in object storage a repository lies: <c>s3://bucket/prefix?endpoint=https://s3.example.org&amp;region=r&amp;style=path&amp;ca=/etc/ca.pem&amp;profile=name</c>.
/// Without an endpoint it is Amazon's. It holds no secret.
/// </summary>
public sealed record S3Place
{
    /// <summary>What a location begins with.</summary>
    public const string Scheme = "s3://";

    private const string Form = "Write s3://BUCKET/PREFIX?endpoint=https://HOST, and where needed &region=NAME, &style=path or virtual, &ca=FILE, &profile=NAME.";

    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>What keys begin with: empty, or ends with a slash.</summary>
    public required string Prefix { get; init; }

    /// <summary>Address of the service; null: Amazon's in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>What requests are signed for. Default <c>us-east-1</c>, which services other than Amazon's take for any.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Whether the bucket is in the path and not in the host's name. Default: where an endpoint is given.</summary>
    public bool IsPathStyle { get; init; }

    /// <summary>PEM file of the authorities that vouch for the endpoint; null: those of the system.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Whose keys are used, of those in the credentials file; null: the environment's, or what else there is.</summary>
    public string? Profile { get; init; }

    /// <summary>What logs and errors call it.</summary>
    public string Name => $"{Scheme}{Bucket}/{Prefix}".TrimEnd('/');

    /// <summary>The service, as an error names it.</summary>
    public string Service => Endpoint is null ? $"Amazon S3 in {Region}" : Endpoint.GetLeftPart(UriPartial.Authority);

    /// <summary>Whether a location is one of object storage.</summary>
    public static bool Is(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return location.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads a location.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.InvalidArgument"/>: it is none; the message says what is wrong.</exception>
    public static S3Place Parse(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        string rest = location[Scheme.Length..];
        int query = rest.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? rest : rest[..query];
        int slash = path.IndexOf('/', StringComparison.Ordinal);
        string bucket = slash < 0 ? path : path[..slash];
        string prefix = slash < 0 ? "" : path[(slash + 1)..].Trim('/');
        if (bucket.Length is < 3 or > 63 || bucket.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
        {
            throw Invalid(location, $"'{bucket}' is no name of a bucket");
        }

        if (prefix.Length > 500 || prefix.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_' or '/')) || prefix.Split('/').Any(part => part is "." or "..") || prefix.Contains("//", StringComparison.Ordinal))
        {
            throw Invalid(location, "a prefix has letters, digits, and '-', '.', '_', in parts joined by single '/'");
        }

        var place = new S3Place { Bucket = bucket, Prefix = prefix.Length == 0 ? "" : prefix + "/" };
        bool? isPathStyle = null;
        foreach (string pair in query < 0 ? [] : rest[(query + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            switch (equals < 0 ? pair : pair[..equals])
            {
                case "endpoint":
                    place = place with { Endpoint = ParseEndpoint(location, value) };
                    break;
                case "region" when value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'):
                    place = place with { Region = value };
                    break;
                case "style" when value is "path" or "virtual":
                    isPathStyle = value == "path";
                    break;
                case "profile" when value.Length is > 0 and < 200 && !value.Any(char.IsControl):
                    place = place with { Profile = value };
                    break;
                case "ca" when Path.IsPathFullyQualified(value):
                    place = place with { CertificateFile = value };
                    break;
                default:
                    throw Invalid(location, $"'{(equals < 0 ? pair : pair[..equals])}' is not known, or not with that value");
            }
        }

        return place with { IsPathStyle = isPathStyle ?? place.Endpoint is not null };
    }

    private static Uri ParseEndpoint(string location, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && uri is { UserInfo: "", Query: "", Fragment: "", AbsolutePath: "/" }
            ? uri
            : throw Invalid(location, "endpoint: it is no address like https://s3.example.org:9000");

    // What was typed is not repeated: it may hold what should not have been there.
    private static VProtectException Invalid(string location, string reason)
    {
        int query = location.IndexOf('?', StringComparison.Ordinal);
        return new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"'{(query < 0 ? location : location[..query])}': {reason}.", Form);
    }
}
