namespace VProtect.Testing.PowerCut;

/// <summary>
/// A mounted file system that loses power at a chosen moment. It keeps for certain what was fsynced and nothing else: a file's
/// bytes by fsync of the file, a name by fsync of its directory. After the cut every call fails; the next <see cref="PowerOn"/>
/// shows what a disk may hold then, decided by a seed. Needs root. Everything lies in memory.
/// </summary>
public sealed class PowerCutDisk : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private VolatileTree _tree = new();
    private PowerCutFileSystem? _fileSystem;
    private FuseConnection? _connection;

    /// <summary>Where it is mounted.</summary>
    public string Path => _directory.Path;

    /// <summary>Calls that changed or flushed something since power came on.</summary>
    public int Changes => _fileSystem!.Changes;

    /// <summary>Bytes written to files since power came on: what a disk under it would have to take.</summary>
    public long WrittenBytes => _fileSystem!.WrittenBytes;

    /// <summary>Completes when power is gone.</summary>
    public Task WhenCut => _fileSystem!.WhenCut;

    /// <summary>Mounts.</summary>
    /// <param name="renamesWithFlags">Whether it knows <c>RENAME_NOREPLACE</c>, which NFS and many others do not.</param>
    public void PowerOn(bool renamesWithFlags)
    {
        _fileSystem = new PowerCutFileSystem(_tree, renamesWithFlags);
        _connection = new FuseConnection(Path, _fileSystem.Answer);
    }

    /// <summary>Power goes when so many more changes were made; the one after fails already.</summary>
    public void CutAfter(int changes) => _fileSystem!.CutAfter(changes);

    /// <summary>Power goes now, if it has not yet, and what was not flushed is lost as far as the seed says.</summary>
    /// <remarks>Whoever uses it must have ended.</remarks>
    public void PowerOff(Random random)
    {
        _fileSystem!.Cut();
        _connection!.Dispose();
        _connection = null;
        _tree = _tree.Survivor(random);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection?.Dispose();
        _directory.Dispose();
    }
}
