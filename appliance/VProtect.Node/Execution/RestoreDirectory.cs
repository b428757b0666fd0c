using VProtect.Abstractions;
using VProtect.Node.Channel;

namespace VProtect.Node.Execution;

/// <summary>
/// A directory that files are restored into: absolute, and after all links none of the appliance's and none within a repository. Files that this
/// restore has finished go again when the whole fails.
/// </summary>
internal sealed class RestoreDirectory : IDisposable
{
    private const int LinksMax = 40;

    private readonly List<string> _finished = [];
    private readonly string? _made;
    private bool _isComplete;

    private RestoreDirectory(string path, string? made)
    {
        Path = path;
        _made = made;
    }

    public string Path { get; }

    /// <summary>Files that are complete.</summary>
    public IReadOnlyList<string> Files => _finished;

    /// <summary>Checks and makes it.</summary>
    /// <param name="path">As asked for.</param>
    /// <param name="forbidden">Directories that nothing is restored into or below.</param>
    /// <param name="allowed">Directories that all is restored into or below; empty: no others are forbidden.</param>
    /// <exception cref="VProtectException">It is refused, or cannot be made.</exception>
    public static RestoreDirectory Open(string path, IEnumerable<string> forbidden, IReadOnlyList<string> allowed)
    {
        if (!System.IO.Path.IsPathFullyQualified(path))
        {
            throw Refused($"'{path}' is no absolute path.", "Name the directory from the root: /restore/web1.");
        }

        string real = Real(System.IO.Path.GetFullPath(path), links: 0);
        if (forbidden.Select(other => Real(System.IO.Path.GetFullPath(other), links: 0)).FirstOrDefault(other => IsWithin(real, other)) is { } ours)
        {
            throw Refused($"'{path}' lies in '{ours}', which is the appliance's own or a repository.", "Choose another directory.");
        }

        if (allowed.Count > 0 && !allowed.Any(other => IsWithin(real, Real(System.IO.Path.GetFullPath(other), links: 0))))
        {
            throw Refused(
                $"'{path}' lies in none of the directories that the node's configuration allows: {string.Join(", ", allowed)}.",
                "Choose one of them, or add this to its restorePaths (vprotect node-config update).");
        }

        for (string? at = real; at is not null; at = System.IO.Path.GetDirectoryName(at))
        {
            if (IsRepository(at))
            {
                throw Refused($"'{path}' lies in the repository '{at}'.", "Choose another directory.");
            }
        }

        return new RestoreDirectory(real, Make(real));
    }

    /// <summary>The path of a file to be, of which there is none yet.</summary>
    /// <param name="name">Of whom; made safe.</param>
    /// <param name="ending">With its dot.</param>
    /// <exception cref="VProtectException">There is such a file.</exception>
    public string NewFile(string name, string ending)
    {
        string file = System.IO.Path.Combine(Path, SafeName.Of(name) + ending);
        return File.Exists(file) || Directory.Exists(file)
            ? throw new VProtectException(
                ErrorCode.TargetUnavailable, ErrorSide.Target, $"'{file}' exists already.", "Restore into an empty or new directory; nothing is overwritten.")
            : file;
    }

    /// <summary>A file is complete.</summary>
    public void Finish(string file) => _finished.Add(file);

    /// <summary>All are: they stay.</summary>
    public void Complete() => _isComplete = true;

    public void Dispose()
    {
        if (_isComplete)
        {
            return;
        }

        _finished.ForEach(File.Delete);

        // What was made for it and holds nothing else.
        for (string? at = _made is null ? null : Path; at is not null && IsWithin(at, _made!); at = System.IO.Path.GetDirectoryName(at))
        {
            if (Directory.EnumerateFileSystemEntries(at).Any())
            {
                return;
            }

            Directory.Delete(at);
        }
    }

    /// <returns>The topmost directory that had to be made, or null.</returns>
    private static string? Make(string path)
    {
        string? made = null;
        for (string? at = path; at is not null && !Directory.Exists(at); at = System.IO.Path.GetDirectoryName(at))
        {
            made = at;
        }

        try
        {
            Directory.CreateDirectory(path);
            return made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VProtectException(
                ErrorCode.TargetUnavailable, ErrorSide.Target, $"The directory '{path}' cannot be made: {e.Message}", "Choose another, or give the node the right to write there.",
                RetryAdvice.Never, e);
        }
    }

    /// <summary>The path with all links followed; what does not exist yet has none.</summary>
    private static string Real(string path, int links)
    {
        string at = "/";
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < segments.Length; i++)
        {
            at = System.IO.Path.Combine(at, segments[i]);
            if (new FileInfo(at).LinkTarget is { } target)
            {
                string rest = System.IO.Path.Combine([System.IO.Path.GetDirectoryName(at)!, target, .. segments[(i + 1)..]]);
                return links < LinksMax ? Real(System.IO.Path.GetFullPath(rest), links + 1) : throw Refused($"'{path}' has too many links.", "Choose another directory.");
            }
        }

        return at;
    }

    private static bool IsWithin(string path, string directory) =>
        path == directory || directory == "/" || path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static bool IsRepository(string directory)
    {
        try
        {
            using FileStream header = File.OpenRead(System.IO.Path.Combine(directory, "repository"));
            Span<byte> magic = stackalloc byte[8];
            return header.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("VPROTECT"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static VProtectException Refused(string message, string guidance) =>
        new(ErrorCode.RestorePlaceRefused, ErrorSide.Target, message, guidance);
}
