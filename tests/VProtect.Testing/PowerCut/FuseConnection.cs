using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VProtect.Testing.PowerCut;

/// <summary>
/// A mounted file system whose requests one thread answers, straight on <c>/dev/fuse</c>: no library, no helper. Needs root.
/// </summary>
internal sealed partial class FuseConnection : IDisposable
{
    /// <summary>Largest write in one request. The kernel wants room for it and its header in each read.</summary>
    public const int WriteBytesMax = 1 << 20;

    private readonly string _path;
    private readonly SafeFileHandle _device;
    private readonly FuseHandler _handler;
    private readonly Thread _thread;
    private volatile bool _isEnding;

    /// <param name="path">An empty directory, the mount point.</param>
    /// <param name="handler">Answers; called by one thread.</param>
    public FuseConnection(string path, FuseHandler handler)
    {
        _path = path;
        _handler = handler;
        _device = File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        string options = $"fd={(int)_device.DangerousGetHandle()},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions";
        if (Mount("vprotect-power-cut", path, "fuse", NoSuid | NoDevices, options) < 0)
        {
            throw new IOException($"mount: error {Marshal.GetLastPInvokeError()}");
        }

        _thread = new Thread(Serve) { IsBackground = true, Name = "fuse" };
        _thread.Start();
    }

    /// <summary>Answers a request.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="reply">Empty; receives the answer's body.</param>
    /// <returns>0, an error number, or a negative number for requests that have no answer.</returns>
    public delegate int FuseHandler(in FuseRequest request, FuseReply reply);

    /// <summary>Takes the mount away, whoever still holds something open there.</summary>
    public void Dispose()
    {
        _ = Unmount(_path, Detach);
        _isEnding = true;
        _thread.Join();
        _device.Dispose();
    }

    private unsafe void Serve()
    {
        byte[] buffer = new byte[WriteBytesMax + (64 << 10)];
        var reply = new FuseReply();
        var poll = new PollEntry { Descriptor = (int)_device.DangerousGetHandle(), Events = PollIn };
        while (!_isEnding)
        {
            if (Poll(ref poll, 1, 50) <= 0)
            {
                continue;
            }

            nint read;
            fixed (byte* start = buffer)
            {
                read = Read(poll.Descriptor, start, buffer.Length);
            }

            if (read < 0)
            {
                if (Marshal.GetLastPInvokeError() == NoDevice)
                {
                    return;
                }

                continue;
            }

            var request = new FuseRequest(buffer.AsSpan(0, (int)read));
            reply.Clear();
            int error = _handler(request, reply);
            if (error >= 0)
            {
                // A request whose asker was killed meanwhile is gone: ENOENT, and nothing to do.
                ReadOnlySpan<byte> answer = reply.Finish(request.Unique, error);
                fixed (byte* start = answer)
                {
                    _ = Write(poll.Descriptor, start, answer.Length);
                }
            }
        }
    }

    private const uint NoSuid = 2;
    private const uint NoDevices = 4;
    private const int Detach = 2;
    private const short PollIn = 1;
    private const int NoDevice = 19;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Seen;
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entries, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int fd, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int fd, byte* buffer, nint count);
}
