using Microsoft.Win32.SafeHandles;

namespace VProtect.Mover.Posix;

/// <summary>
/// Standard input and output as plain streams of bytes: the console's own copy each buffer once more. Closing them does
/// not close the descriptors.
/// </summary>
internal static class StandardStream
{
    internal static FileStream OpenInput() => Open(0, FileAccess.Read);

    internal static FileStream OpenOutput() => Open(1, FileAccess.Write);

    private static FileStream Open(int descriptor, FileAccess access) =>
        new(new SafeFileHandle(descriptor, ownsHandle: false), access, bufferSize: 0);
}
