namespace VProtect.Mover.Tests;

/// <summary>A directory for one test, removed after it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("vprotect-test-").FullName;

    internal string this[string name] => System.IO.Path.Join(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
