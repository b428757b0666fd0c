using VProtect.Abstractions;

namespace VProtect.Node.Repositories;

/// <summary>Where a server may say that a repository is: never relative to whatever directory the node was started in.</summary>
internal static class RepositoryPlace
{
    /// <summary>The location, if it is an absolute path or a URL.</summary>
    /// <exception cref="VProtectException">It is neither.</exception>
    public static string Require(string location) =>
        Path.IsPathFullyQualified(location) || location.Contains("://", StringComparison.Ordinal)
            ? location
            : throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{location}' is no absolute path.", "Name the repository's directory from the root: /backup/repo.");

    /// <summary>The directory of a repository that lies in one; else null.</summary>
    public static string? DirectoryOf(string location) =>
        Path.IsPathFullyQualified(location) ? location
        : Uri.TryCreate(location, UriKind.Absolute, out Uri? uri) && uri.IsFile ? uri.LocalPath
        : null;
}
