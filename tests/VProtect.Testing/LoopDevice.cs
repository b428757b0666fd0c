namespace VProtect.Testing;

/// <summary>A block device over a file, for one test; needs root.</summary>
public sealed class LoopDevice(string file) : IDisposable
{
    public string Path { get; } = Tool.Run("losetup", "--find", "--show", file).Trim();

    public void Dispose() => Tool.Run("losetup", "--detach", Path);
}
