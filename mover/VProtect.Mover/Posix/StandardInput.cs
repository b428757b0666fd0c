using System.Runtime.InteropServices;

namespace VProtect.Mover.Posix;

/// <summary>
/// Standard input as a stream whose reads can be cancelled: .NET's own blocks in read(2) until something comes, which
/// Ctrl-C could then not end. Waits in poll(2), briefly, in between.
/// </summary>
internal sealed partial class StandardInput : Stream
{
    private const int FileDescriptor = 0;
    private const short ReadableEvent = 1;
    private const int PollMs = 100;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(() => Read(buffer.Span, cancellationToken), cancellationToken));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count), CancellationToken.None);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static unsafe int Read(Span<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var poll = new PollDescriptor { FileDescriptor = FileDescriptor, Events = ReadableEvent };
            int ready = Poll(&poll, 1, PollMs);
            if (ready == 0)
            {
                continue;
            }

            nint read = -1;
            if (ready > 0)
            {
                fixed (byte* first = buffer)
                {
                    read = ReadDescriptor(FileDescriptor, first, buffer.Length);
                }
            }

            if (read >= 0)
            {
                return (int)read;
            }

            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint ReadDescriptor(int fileDescriptor, byte* buffer, nint count);

    /// <summary><c>struct pollfd</c> of poll(2).</summary>
    private struct PollDescriptor
    {
        public int FileDescriptor;
        public short Events;
        public short ReturnedEvents;
    }
}
