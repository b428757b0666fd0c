using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>
/// The text within a sparse VMDK that names the file itself (Virtual Disk Format 5.0, <i>Extent description</i>). We make
/// images under a temporary name, which must not stay in it.
/// </summary>
internal static class VmdkDescriptor
{
    // Of the header: where the text begins and how long it may be, in sectors.
    private const int OffsetAtBytes = 28;
    private const int LengthAtBytes = 36;
    private const int SectorBytes = 512;

    /// <summary>Replaces the name of the file at <paramref name="path"/> by another.</summary>
    /// <exception cref="PosixException">The file cannot be read or written.</exception>
    internal static void RenameExtent(SafeFileHandle handle, string path, string newName)
    {
        int fd = PosixFile.Fd(handle);
        Span<byte> header = stackalloc byte[SectorBytes];
        PosixFile.Read(fd, 0, header, path);
        long offsetBytes = BinaryPrimitives.ReadInt64LittleEndian(header[OffsetAtBytes..]) * SectorBytes;
        long lengthBytes = BinaryPrimitives.ReadInt64LittleEndian(header[LengthAtBytes..]) * SectorBytes;

        byte[] area = new byte[lengthBytes];
        PosixFile.Read(fd, offsetBytes, area, path);
        string text = Encoding.UTF8.GetString(area).TrimEnd('\0');
        string renamed = text.Replace($"\"{Path.GetFileName(path)}\"", $"\"{newName}\"", StringComparison.Ordinal);

        byte[] newArea = new byte[lengthBytes];
        Encoding.UTF8.GetBytes(renamed, newArea);
        PosixFile.Write(fd, offsetBytes, newArea, path);
    }
}
