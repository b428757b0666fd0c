namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>
/// A directory for temporary files that nobody else can enter: keys, sockets. Its lock is held for as long as we live, so that the next to come removes what a
/// killed process left.
/// </summary>
internal sealed class PrivateDirectory : IDisposable
{
    private const string Prefix = "vprotect-host-";
    private const string LockName = "lock";

    /// <summary>One that is being made has no lock yet.</summary>
    private static readonly TimeSpan MakingTimeMax = TimeSpan.FromMinutes(10);

    private readonly FileStream _lock;

    internal PrivateDirectory()
    {
        RemoveLeftovers();
        FullName = Directory.CreateTempSubdirectory(Prefix).FullName;
        // Named when it is held: between its making and its locking, who looks for leftovers would take it for one.
        string making = Path.Join(FullName, LockName + ".new");
        _lock = new FileStream(making, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        File.Move(making, Path.Join(FullName, LockName));
    }

    internal string FullName { get; }

    public void Dispose()
    {
        Directory.Delete(FullName, recursive: true);
        _lock.Dispose();
    }

    private static void RemoveLeftovers()
    {
        foreach (DirectoryInfo directory in new DirectoryInfo(Path.GetTempPath()).EnumerateDirectories(Prefix + "*"))
        {
            try
            {
                string path = Path.Join(directory.FullName, LockName);
                bool isAbandoned = !File.Exists(path) && directory.LastWriteTimeUtc < DateTime.UtcNow - MakingTimeMax;
                if (!isAbandoned)
                {
                    using FileStream held = new(path, FileMode.Open, FileAccess.Write, FileShare.None);
                }

                directory.Delete(recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Somebody's who lives, or another user's, or just removed.
            }
        }
    }
}
