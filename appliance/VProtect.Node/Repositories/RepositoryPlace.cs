using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Store.Backends;
using VProtect.Mover.Store.Backends.S3;

namespace VProtect.Node.Repositories;

/// <summary>Where a server may say that a repository is: never relative to whatever directory the node was started in.</summary>
internal static class RepositoryPlace
{
    /// <summary>The object store of a repository. The caller disposes it.</summary>
    /// <exception cref="VProtectException">Its location is neither an absolute path nor a URL; or the backend's own.</exception>
    public static IObjectStore Open(RepositoryReference reference, bool create) =>
        RepositoryStores.Open(Require(reference.Location), create, reference.Key is { } key ? new S3Credentials(key.Id, key.Secret) : null);

    /// <summary>The directory of a repository that lies in one; else null.</summary>
    public static string? DirectoryOf(string location) =>
        Path.IsPathFullyQualified(location) ? location
        : Uri.TryCreate(location, UriKind.Absolute, out Uri? uri) && uri.IsFile ? uri.LocalPath
        : null;

    private static string Require(string location) =>
        Path.IsPathFullyQualified(location) || location.Contains("://", StringComparison.Ordinal)
            ? location
            : throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{location}' is no absolute path.", "Name the repository's directory from the root: /backup/repo.");
}
