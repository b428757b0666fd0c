namespace VProtect.Mover.Tests;

/// <summary>A file system mounted for one test, which needs root.</summary>
internal sealed class TemporaryMount : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    internal TemporaryMount(params string[] mountArguments) => Tool.Run("mount", [.. mountArguments, _directory.Path]);

    internal string Path => _directory.Path;

    public void Dispose()
    {
        Tool.Run("umount", _directory.Path);
        _directory.Dispose();
    }
}
