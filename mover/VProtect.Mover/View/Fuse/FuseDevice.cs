using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;

namespace VProtect.Mover.View.Fuse;

/// <summary>One mount's <c>/dev/fuse</c>. Safe from several threads. Needs root.</summary>
internal sealed class FuseDevice : IDisposable
{
    /// <summary>Longest read or write in one request.</summary>
    public const int PayloadBytesMax = 1 << 20;

    /// <summary>The room the kernel wants for each request.</summary>
    public const int RequestBytesMax = PayloadBytesMax + (64 << 10);

    private const int ReplyHeaderBytes = 16;
    private const uint NoSuid = 2;
    private const uint NoDevices = 4;
    private const uint NoExecution = 8;
    private const int Detach = 2;

    private readonly SafeFileHandle _device;
    private readonly string _path;

    private FuseDevice(SafeFileHandle device, string path) => (_device, _path) = (device, path);

    /// <summary>Mounts.</summary>
    /// <param name="path">A directory, hidden by the mount.</param>
    /// <param name="userId">Who may use what is in it: checked by the kernel, by owner and mode.</param>
    /// <exception cref="PosixException">It is not allowed or not possible.</exception>
    public static FuseDevice Mount(string path, int userId)
    {
        int descriptor = Libc.Open("/dev/fuse", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw PosixException.Last("open", "/dev/fuse");
        }

        var device = new SafeFileHandle(descriptor, ownsHandle: true);
        string options = string.Create(
            CultureInfo.InvariantCulture, $"fd={descriptor},rootmode=40000,user_id={userId},group_id={userId},allow_other,default_permissions");
        if (Libc.Mount("vprotect", path, "fuse", NoSuid | NoDevices | NoExecution, options) < 0)
        {
            var failure = PosixException.Last("mount", path);
            device.Dispose();
            throw failure;
        }

        return new FuseDevice(device, path);
    }

    /// <summary>Takes a mount out of the tree of files; whoever has something open keeps it.</summary>
    public static void Hide(string path) => _ = Libc.Unmount(path, Detach);

    /// <summary>See <see cref="Hide(string)"/>.</summary>
    public void Hide() => Hide(_path);

    /// <summary>Waits for a request.</summary>
    /// <param name="buffer">At least <see cref="RequestBytesMax"/>.</param>
    /// <returns>Its length; 0 when nobody uses the mount any more and it is hidden.</returns>
    public unsafe int Receive(byte[] buffer)
    {
        const int NoDevice = 19;
        while (true)
        {
            nint count;
            fixed (byte* start = buffer)
            {
                count = Libc.Read((int)_device.DangerousGetHandle(), start, buffer.Length);
            }

            if (count >= FuseRequest.HeaderBytes)
            {
                return (int)count;
            }

            // ENOENT: its asker was killed meanwhile. EINTR, EAGAIN: ask again.
            if (count >= 0 || Marshal.GetLastPInvokeError() == NoDevice)
            {
                return 0;
            }
        }
    }

    /// <summary>Answers a request. One whose asker is gone is of no interest.</summary>
    /// <param name="unique">The request's.</param>
    /// <param name="error">0, or an error number: then without a body.</param>
    /// <param name="body">The answer.</param>
    public unsafe void Reply(ulong unique, int error, ReadOnlySpan<byte> body)
    {
        Span<byte> header = stackalloc byte[ReplyHeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, ReplyHeaderBytes + body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], -error);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], unique);
        fixed (byte* first = header)
        fixed (byte* second = body)
        {
            Libc.IoVector* parts = stackalloc Libc.IoVector[2];
            parts[0] = new Libc.IoVector { Start = first, Length = (nuint)header.Length };
            parts[1] = new Libc.IoVector { Start = second, Length = (nuint)body.Length };
            _ = Libc.Writev((int)_device.DangerousGetHandle(), parts, body.IsEmpty ? 1 : 2);
        }
    }

    /// <summary>Answers with one of the kernel's structures.</summary>
    public void Reply<T>(ulong unique, in T body)
        where T : unmanaged =>
        Reply(unique, 0, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in body)));

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
