using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;
using VProtect.Mover.Posix;

namespace VProtect.Mover.Deliver.BlockTarget;

/// <summary>A block device at least as large as the disk; what lies behind the disk's end is left as it is.</summary>
internal sealed class DeviceTarget : RawTarget
{
    // _IO(0x12, 127): zeroes a range, by the device itself where it can (include/uapi/linux/fs.h).
    private const nuint BLKZEROOUT = 0x127F;
    private const int SectorBytes = 512;

    private readonly string _path;
    private readonly long _sizeBytes;

    private DeviceTarget(SafeFileHandle handle, string path, long sizeBytes)
        : base(handle, path)
    {
        _path = path;
        _sizeBytes = sizeBytes;
    }

    public override bool IsZeroed => false;

    public override bool CanRead => true;

    /// <exception cref="VProtectException">It is in use (mounted, say), too small, or cannot be opened.</exception>
    internal static DeviceTarget Open(string path, TargetOptions options)
    {
        SafeFileHandle? handle = null;
        try
        {
            // Without O_CREAT, O_EXCL means on a device that the kernel itself must not be using it (open(2)).
            handle = PosixFile.Open(path, Libc.O_RDWR | Libc.O_EXCL);
            long hasBytes = PosixFile.GetLength(handle, path);
            if (hasBytes < options.SizeBytes)
            {
                handle.Dispose();
                throw TargetErrors.TooSmall(path, hasBytes, options.SizeBytes);
            }

            return new DeviceTarget(handle, path, options.SizeBytes);
        }
        catch (PosixException exception)
        {
            handle?.Dispose();
            throw TargetErrors.OpenFailed(exception);
        }
    }

    public override IAsyncEnumerable<Extent> GetExtentsAsync(CancellationToken cancellationToken) =>
        new[] { new Extent(0, _sizeBytes, ExtentKind.Data) }.ToAsyncEnumerable();

    protected override unsafe bool TryZero(long offsetBytes, long lengthBytes)
    {
        if (offsetBytes % SectorBytes != 0 || lengthBytes % SectorBytes != 0)
        {
            return false;
        }

        long* range = stackalloc long[2] { offsetBytes, lengthBytes };
        if (Libc.Ioctl(PosixFile.Fd(Handle), BLKZEROOUT, range) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is Errno.EOPNOTSUPP or Errno.EINVAL or Errno.ENOTTY
            ? false
            : throw PosixException.Last("zero", _path);
    }

    protected override void Complete() => PosixFile.FlushData(Handle, _path);
}
