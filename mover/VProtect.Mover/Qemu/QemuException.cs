namespace VProtect.Mover.Qemu;

/// <summary>A QEMU program would not do what it was asked. Its users translate it to an error of their side.</summary>
internal sealed class QemuException(string message, string guidance, Exception? inner = null) : Exception(message, inner)
{
    internal string Guidance { get; } = guidance;

    /// <summary>It, or what starts it, is not there.</summary>
    internal static QemuException Missing(string program, Exception? inner = null) => new(
        $"'{program}' cannot be started.", "Install the Debian packages qemu-utils and util-linux.", inner);
}
