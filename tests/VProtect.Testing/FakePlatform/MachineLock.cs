namespace VProtect.Testing.FakePlatform;

/// <summary>One at a time, over all processes; the kernel lets go of it when its holder is killed.</summary>
internal static class MachineLock
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    public static async Task<IDisposable> TakeAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException))
            {
                await Task.Delay(Look, cancellationToken);
            }
        }
    }
}
