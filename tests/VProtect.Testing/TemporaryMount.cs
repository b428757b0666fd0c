namespace VProtect.Testing;

/// <summary>A file system mounted for one test, which needs root.</summary>
public sealed class TemporaryMount : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TemporaryMount(params string[] mountArguments) => Tool.Run("mount", [.. mountArguments, _directory.Path]);

    public string Path => _directory.Path;

    public void Dispose()
    {
        Tool.Run("umount", _directory.Path);
        _directory.Dispose();
    }
}
