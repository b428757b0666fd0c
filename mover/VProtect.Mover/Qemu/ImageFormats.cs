using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Qemu;

/// <summary>How formats are told apart and what QEMU calls them.</summary>
internal static class ImageFormats
{
    private const int SectorBytes = 512;

    /// <summary>The driver's name, as <c>qemu-nbd -f</c> wants it.</summary>
    internal static string ToDriver(ImageFormat format) => format switch
    {
        ImageFormat.Raw => "raw",
        ImageFormat.Qcow2 => "qcow2",
        ImageFormat.Vmdk => "vmdk",
        ImageFormat.Vhdx => "vhdx",
        ImageFormat.Vhd => "vpc",
        ImageFormat.Vdi => "vdi",
        ImageFormat.Qed => "qed",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>The format that qemu-img calls so; null when we do not know it.</summary>
    internal static ImageFormat? TryFromDriver(string driver)
    {
        foreach (ImageFormat format in Enum.GetValues<ImageFormat>())
        {
            if (ToDriver(format) == driver)
            {
                return format;
            }
        }

        return null;
    }

    /// <summary>The format a file is to have by the ending of its name; raw when the ending says nothing.</summary>
    internal static ImageFormat FromEnding(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".QCOW2" => ImageFormat.Qcow2,
        ".VMDK" => ImageFormat.Vmdk,
        ".VHDX" => ImageFormat.Vhdx,
        ".VHD" or ".VPC" => ImageFormat.Vhd,
        ".VDI" => ImageFormat.Vdi,
        ".QED" => ImageFormat.Qed,
        _ => ImageFormat.Raw,
    };

    /// <summary>
    /// The format a file has by its first bytes, and for a fixed VHD by its last. Raw when it is none of them. A file
    /// whose name says raw is raw, whatever its guest wrote into it.
    /// </summary>
    /// <exception cref="PosixException">It cannot be read.</exception>
    internal static ImageFormat Probe(string path)
    {
        if (Path.GetExtension(path).Equals(".raw", StringComparison.OrdinalIgnoreCase))
        {
            return ImageFormat.Raw;
        }

        using SafeFileHandle handle = PosixFile.Open(path, Libc.O_RDONLY);
        int fd = PosixFile.Fd(handle);
        long lengthBytes = PosixFile.GetLength(handle, path);
        Span<byte> head = stackalloc byte[SectorBytes];
        Span<byte> foot = stackalloc byte[SectorBytes];
        return FromContent(
            head[..PosixFile.Read(fd, 0, head, path)],
            foot[..PosixFile.Read(fd, Math.Max(0, lengthBytes - SectorBytes), foot, path)]);
    }

    private static ImageFormat FromContent(ReadOnlySpan<byte> head, ReadOnlySpan<byte> foot) => head switch
    {
        [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 2 or 3, ..] => ImageFormat.Qcow2,
        _ when head.StartsWith("QED\0"u8) => ImageFormat.Qed,
        _ when head.StartsWith("KDMV"u8) || head.StartsWith("# Disk DescriptorFile"u8) => ImageFormat.Vmdk,
        _ when head.StartsWith("vhdxfile"u8) => ImageFormat.Vhdx,
        _ when head.StartsWith("conectix"u8) || foot.StartsWith("conectix"u8) => ImageFormat.Vhd,
        // VirtualBox's signature 0xBEDA107F, behind 64 bytes of text that each program words in its own way.
        _ when head.Length > 68 && head[64..].StartsWith((ReadOnlySpan<byte>)[0x7F, 0x10, 0xDA, 0xBE]) => ImageFormat.Vdi,
        _ => ImageFormat.Raw,
    };
}
