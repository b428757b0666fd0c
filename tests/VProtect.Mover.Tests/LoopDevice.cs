namespace VProtect.Mover.Tests;

/// <summary>A block device over a file, for one test; needs root.</summary>
internal sealed class LoopDevice(string file) : IDisposable
{
    internal string Path { get; } = Tool.Run("losetup", "--find", "--show", file).Trim();

    public void Dispose() => Tool.Run("losetup", "--detach", Path);
}
