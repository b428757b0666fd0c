using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Node.Execution;

/// <summary>
/// Where this node keeps its temporary work when its configuration says so (<c>workPath</c>): chunk indexes and ledgers of one run, and what mounts read from object storage. Looked at by
/// the orders that need it, and not by the call that fetches orders: a share that hangs holds up its own work alone. What runs keeps the place that it began with. Safe from several threads.
/// </summary>
internal sealed class WorkPlace(NodeOptions options)
{
    private const string Change = "vprotect node-config update NAME --setting workPath=/DIRECTORY";

    private volatile string? _path;

    /// <summary>Directory of this node in the place that was found good last; null for the usual places.</summary>
    public string? Path => _path;

    /// <summary>Finds out whether a place is good, and uses it from now on.</summary>
    /// <param name="workPath">The directory; made when it is not there. Null for the usual places.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.WorkPlaceUnusable"/>: it is none, or cannot be written; what was used before stays.</exception>
    public void Heed(string? workPath)
    {
        if (workPath is null)
        {
            _path = null;
            return;
        }

        try
        {
            if (!System.IO.Path.IsPathFullyQualified(workPath) || workPath.Split('/').Contains(".."))
            {
                throw Unusable(workPath, "it is no absolute path, or has '..' in it", inner: null);
            }

            Directory.CreateDirectory(workPath);

            // Others may have theirs beside it; what is in it is for this node alone.
            DirectoryInfo own = new(System.IO.Path.Combine(workPath, $"vprotect-{options.NodeGuid}"));
            Directory.CreateDirectory(own.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            own.Refresh();
            if (own.LinkTarget is not null)
            {
                throw Unusable(workPath, $"'{own.Name}' in it leads elsewhere", inner: null);
            }

            if (OwnDirectory.StrangerOf(own.FullName) is { } stranger)
            {
                throw Unusable(
                    workPath, $"'{own.FullName}' belongs to another user (uid {stranger})", inner: null, $"Look who made it, and remove it: the node makes it anew. Or change workPath ({Change}).");
            }

            string probe = System.IO.Path.Combine(own.FullName, $"probe-{Guid.NewGuid():N}");
            using (new FileStream(probe, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose }))
            {
            }

            _path = own.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unusable(workPath, e.Message, e);
        }
    }

    private static VProtectException Unusable(string workPath, string why, Exception? inner, string? guidance = null) => new(
        ErrorCode.WorkPlaceUnusable, ErrorSide.Request, $"workPath: this node cannot keep its temporary work in '{workPath}', as its node configuration says: {why}.",
        guidance ?? $"Make that a directory which the service on this machine may write, or change workPath ({Change}). Without it temporary work goes to the usual places.",
        RetryAdvice.Never, inner);
}
