using System.Runtime.InteropServices;

namespace VProtect.Abstractions;

/// <summary>Makes names in a directory durable, which a flushed file alone is not: after a power cut its rename may not have been.</summary>
public static partial class DurableDirectory
{
    private const int ReadOnly = 0;

    /// <summary>Some network file systems cannot flush a directory: there the server makes names durable itself.</summary>
    private const int InvalidArgument = 22;

    /// <summary>Makes the names in a directory durable.</summary>
    /// <exception cref="IOException">It cannot be made durable.</exception>
    public static void Flush(string directory)
    {
        int descriptor = Open(directory, ReadOnly, mode: 0);
        if (descriptor < 0)
        {
            throw Failed(directory);
        }

        try
        {
            if (Fsync(descriptor) < 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw Failed(directory);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string directory) => new($"'{directory}' cannot be made durable: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
