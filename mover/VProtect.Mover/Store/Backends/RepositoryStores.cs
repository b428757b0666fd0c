using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.LocalFile;
using VProtect.Mover.Store.Backends.S3;

namespace VProtect.Mover.Store.Backends;

/// <summary>Opens what an administrator names as a repository: chooses the backend by the form of the name.</summary>
public static class RepositoryStores
{
    private const string Supported = "a directory (/backup/repo), a file URL (file:///backup/repo) or a bucket (s3://bucket/prefix?endpoint=https://host)";

    /// <summary>Opens the object store of a repository. The caller disposes it.</summary>
    /// <param name="place">A directory, a <c>file:///</c> URL, or a bucket as <see cref="S3Place"/> reads it.</param>
    /// <param name="create">Whether to make the directory when it is missing; a bucket is never made.</param>
    /// <param name="credentials">As whom a bucket is used; null: whom its place's profile, the environment or the machine's role names.</param>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.InvalidArgument"/>: no such kind of place yet; or the backend's own.
    /// </exception>
    public static IObjectStore Open(string place, bool create, S3Credentials? credentials = null) =>
        S3Place.Is(place) ? new S3Store(S3Place.Parse(place), credentials, new S3Options(), TimeProvider.System) : LocalFileStore.Open(ToDirectory(place), create);

    private static string ToDirectory(string place)
    {
        int colon = place.IndexOf("://", StringComparison.Ordinal);
        if (colon < 0 || !place.AsSpan(0, colon).ContainsOnlySchemeLetters())
        {
            return place;
        }

        string scheme = place[..colon];
        if (!scheme.Equals("file", StringComparison.OrdinalIgnoreCase))
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"Repositories at '{scheme}://' are not supported yet.", $"Name {Supported}.");
        }

        return Uri.TryCreate(place, UriKind.Absolute, out Uri? uri) && uri is { IsFile: true, Host: "", Query: "", Fragment: "" } && uri.LocalPath.Length > 1
            ? uri.LocalPath
            : throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{place}' is not a file URL of this machine.", $"Name {Supported}.");
    }

    private static bool ContainsOnlySchemeLetters(this ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
            {
                return false;
            }
        }

        return text.Length > 0;
    }
}
