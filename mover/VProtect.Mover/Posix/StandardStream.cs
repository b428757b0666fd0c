using Microsoft.Win32.SafeHandles;

namespace VProtect.Mover.Posix;

/// <summary>
/// Standard input and output as plain streams of bytes: the console's own copy each buffer once more. Closing them does
/// not close the descriptors.
/// </summary>
internal static class StandardStream
{
    internal static Stream OpenInput() => new StandardInput();

    internal static FileStream OpenOutput() =>
        new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
}
