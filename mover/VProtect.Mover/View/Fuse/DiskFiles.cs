using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View.Fuse;

/// <summary>
/// Disks as files, for one program that can open nothing but files. The kernel's page cache is in front of them, and what is in it is never asked again: nothing
/// but that program changes them meanwhile.
/// <code>
///  program ─► kernel: page cache ─► /dev/fuse ─► our threads ─► INbdExport
/// </code>
/// <para>They are there from <see cref="Mount"/> to <see cref="Hide"/>, named 0, 1 and so on; who has opened them keeps them. So nothing is left mounted whoever
/// is killed: with us every request fails, and the rest goes with the last open file. A write has returned when the disk has it, <c>fsync</c> when it is durable;
/// punched holes are trims.</para>
/// </summary>
internal sealed partial class DiskFiles : IAsyncDisposable
{
    private const ulong RootNode = 1;
    private const uint DirectoryMode = 0x4000 | 0x140; // 0500
    private const uint FileMode = 0x8000;
    private const int SectorBytes = 512;

    /// <summary>Nobody else changes anything: what the kernel remembers stays true.</summary>
    private const ulong ValidSeconds = 1 << 30;

    private readonly FuseDevice _device;
    private readonly IReadOnlyList<INbdExport> _disks;
    private readonly uint _userId;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _served;

    private DiskFiles(FuseDevice device, IReadOnlyList<INbdExport> disks, int userId, ILogger log)
    {
        (_device, _disks, _userId, _log) = (device, disks, (uint)userId, log);
        _served = Task.WhenAll(Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 2, 4)).Select(_ => ServeAsync()));
    }

    /// <summary>Mounts.</summary>
    /// <param name="path">A directory.</param>
    /// <param name="disks">In the order of their names. Used until this is disposed.</param>
    /// <param name="userId">The user who may open them.</param>
    /// <param name="log">What fails.</param>
    /// <exception cref="Posix.PosixException">It is not allowed or not possible.</exception>
    public static DiskFiles Mount(string path, IReadOnlyList<INbdExport> disks, int userId, ILogger log) =>
        new(FuseDevice.Mount(path, userId), disks, userId, log);

    /// <summary>Whether they are in the tree of files no more.</summary>
    public bool IsHidden { get; private set; }

    /// <summary>Takes them out of the tree of files.</summary>
    public void Hide()
    {
        _device.Hide();
        IsHidden = true;
    }

    /// <summary>Hides them, fails what is being asked, and waits until nobody has one open any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Hide();
        await _ending.CancelAsync();
        await _served;
        _device.Dispose();
        _ending.Dispose();
    }

    private static bool IsReadOnly(INbdExport disk) => disk.Flags.HasFlag(NbdExportFlags.ReadOnly);

    private Task ServeAsync()
    {
        var ended = new TaskCompletionSource();
        new Thread(() =>
        {
            Serve();
            ended.SetResult();
        })
        {
            IsBackground = true,
            Name = "disk files",
        }.Start();
        return ended.Task;
    }

    private void Serve()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FuseDevice.RequestBytesMax);
        for (int length; (length = _device.Receive(buffer)) > 0;)
        {
            FuseRequest request = FuseRequest.Parse(buffer.AsSpan(0, length));
            if (request.Operation == FuseOperation.Write)
            {
                // Its bytes are in the buffer, which is the request's until it is done.
                Task writing = WriteAsync(request, buffer.AsMemory(FuseRequest.WriteDataOffset, length - FuseRequest.WriteDataOffset));
                if (!writing.IsCompleted)
                {
                    _ = ReturnAfterAsync(writing, buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(FuseDevice.RequestBytesMax);
                }
            }
            else
            {
                Answer(request, buffer.AsSpan(FuseRequest.HeaderBytes, length - FuseRequest.HeaderBytes));
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static async Task ReturnAfterAsync(Task work, byte[] buffer)
    {
        await work;
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Answer(FuseRequest request, ReadOnlySpan<byte> arguments)
    {
        switch (request.Operation)
        {
            case FuseOperation.Forget or FuseOperation.ForgetMany or FuseOperation.Interrupt:
                break;
            case FuseOperation.Init:
                _device.Reply(request.Unique, Terms(request));
                break;
            case FuseOperation.Lookup when Find(arguments) is { } node:
                _device.Reply(request.Unique, new FuseEntry { Node = node, EntryValidSeconds = ValidSeconds, AttributesValidSeconds = ValidSeconds, Attributes = Attributes(node) });
                break;
            case FuseOperation.Lookup:
                Fail(request, Posix.Errno.ENOENT);
                break;
            case FuseOperation.GetAttributes:
                _device.Reply(request.Unique, new FuseAttributesOut { ValidSeconds = ValidSeconds, Attributes = Attributes(request.Node) });
                break;
            case FuseOperation.OpenDirectory:
                _device.Reply(request.Unique, default(FuseOpen));
                break;
            case FuseOperation.Open:
                Open(request);
                break;
            case FuseOperation.FileSystemStatus:
                _device.Reply(request.Unique, new FuseFileSystemStatus { BlockBytes = 4096, FragmentBytes = 4096, NameBytesMax = 255 });
                break;
            case FuseOperation.ReadDirectory or FuseOperation.Release or FuseOperation.ReleaseDirectory or FuseOperation.Flush or FuseOperation.Destroy:
                _device.Reply(request.Unique, 0, default);
                break;
            case FuseOperation.Read:
                _ = ReadAsync(request);
                break;
            case FuseOperation.Fsync:
                _ = DoAsync(request, static (disk, ct) => IsReadOnly(disk) ? ValueTask.CompletedTask : disk.FlushAsync(ct));
                break;
            case FuseOperation.Allocate:
                _ = AllocateAsync(request);
                break;
            default:
                // SEEK_DATA and SEEK_HOLE too, so that everything is data: tgt looks for all holes of a disk, again for each that it is asked for, and serves nobody meanwhile.
                Fail(request, Posix.Errno.ENOSYS);
                break;
        }
    }

    private static FuseInit Terms(FuseRequest request)
    {
        const uint AsyncRead = 1 << 0;
        const uint BigWrites = 1 << 5;
        const uint MaxPages = 1 << 22;
        return new FuseInit
        {
            Major = 7,
            Minor = 31,
            ReadAheadBytesMax = (uint)request.Length,
            Flags = request.Mode & (AsyncRead | BigWrites | MaxPages),
            BackgroundMax = 32,
            CongestionThreshold = 24,
            WriteBytesMax = FuseDevice.PayloadBytesMax,
            TimeGranularity = 1,
            PagesMax = FuseDevice.PayloadBytesMax / 4096,
        };
    }

    private ulong? Find(ReadOnlySpan<byte> name) =>
        int.TryParse(Encoding.UTF8.GetString(name.TrimEnd((byte)0)), NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < _disks.Count
            ? RootNode + 1 + (ulong)index
            : null;

    /// <summary>The kernel asks only for nodes that it was told of.</summary>
    private INbdExport DiskOf(FuseRequest request) => _disks[(int)(request.Node - RootNode - 1)];

    private FuseAttributes Attributes(ulong node)
    {
        if (node == RootNode)
        {
            return new FuseAttributes { Node = node, Mode = DirectoryMode, Links = 2, User = _userId, Group = _userId, BlockBytes = 4096 };
        }

        INbdExport disk = _disks[(int)(node - RootNode - 1)];
        return new FuseAttributes
        {
            Node = node,
            Size = (ulong)disk.SizeBytes,
            Blocks = (ulong)((disk.SizeBytes + SectorBytes - 1) / SectorBytes),
            Mode = FileMode | (IsReadOnly(disk) ? 0x100u : 0x180u), // 0400 or 0600
            Links = 1,
            User = _userId,
            Group = _userId,
            BlockBytes = 4096,
        };
    }

    private void Open(FuseRequest request)
    {
        const uint KeepCache = 2;
        const uint AccessMask = 3;
        if ((request.Mode & AccessMask) != 0 && IsReadOnly(DiskOf(request)))
        {
            Fail(request, Posix.Errno.EROFS);
            return;
        }

        _device.Reply(request.Unique, new FuseOpen { Flags = KeepCache });
    }

    private async Task ReadAsync(FuseRequest request)
    {
        INbdExport disk = DiskOf(request);
        int count = (int)Math.Clamp(disk.SizeBytes - request.Offset, 0, Math.Min(request.Length, FuseDevice.PayloadBytesMax));
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, count));
        try
        {
            if (count > 0)
            {
                await disk.ReadAsync(request.Offset, bytes.AsMemory(0, count), _ending.Token);
            }

            _device.Reply(request.Unique, 0, bytes.AsSpan(0, count));
            ArrayPool<byte>.Shared.Return(bytes);
        }
        catch (Exception e)
        {
            // Not given back: the disk may still be filling it.
            Fail(request, ErrorOf(e));
        }
    }

    private async Task WriteAsync(FuseRequest request, ReadOnlyMemory<byte> bytes)
    {
        INbdExport disk = DiskOf(request);
        if (IsReadOnly(disk) || bytes.Length != request.Length || request.Offset < 0 || bytes.Length > disk.SizeBytes - request.Offset)
        {
            Fail(request, IsReadOnly(disk) ? Posix.Errno.EROFS : Posix.Errno.ENOSPC);
            return;
        }

        try
        {
            await disk.WriteAsync(request.Offset, bytes, fua: false, _ending.Token);
            _device.Reply(request.Unique, (ulong)bytes.Length);
        }
        catch (Exception e)
        {
            Fail(request, ErrorOf(e));
        }
    }

    private Task AllocateAsync(FuseRequest request)
    {
        const uint KeepSize = 1;
        const uint PunchHole = 2;
        const uint ZeroRange = 0x10;
        INbdExport disk = DiskOf(request);
        long length = Math.Min(request.Length, disk.SizeBytes - request.Offset);
        int refusal = IsReadOnly(disk) ? Posix.Errno.EROFS : request.Offset < 0 || length <= 0 ? Posix.Errno.EINVAL : 0;
        switch (request.Mode & ~KeepSize)
        {
            case PunchHole when refusal == 0:
                return DoAsync(request, (export, ct) => export.TrimAsync(request.Offset, length, fua: false, ct));
            case ZeroRange when refusal == 0:
                return DoAsync(request, (export, ct) => export.WriteZeroesAsync(request.Offset, length, NbdWriteZeroesFlags.None, ct));
            default:
                Fail(request, refusal != 0 ? refusal : Posix.Errno.EOPNOTSUPP);
                return Task.CompletedTask;
        }
    }

    private async Task DoAsync(FuseRequest request, Func<INbdExport, CancellationToken, ValueTask> work)
    {
        int error = 0;
        try
        {
            await work(DiskOf(request), _ending.Token);
        }
        catch (Exception e)
        {
            error = ErrorOf(e);
        }

        Fail(request, error);
    }

    /// <summary>Whatever happened, whoever asks must have an answer: it would wait for ever.</summary>
    private int ErrorOf(Exception exception)
    {
        switch (exception)
        {
            case NbdExportException { Fault: NbdFault.NotSupported }:
                return Posix.Errno.EOPNOTSUPP;
            case NbdExportException failure:
                Log.Failed(_log, failure.Message);
                return failure.Fault == NbdFault.NoSpace ? Posix.Errno.ENOSPC : Posix.Errno.EIO;
            case OperationCanceledException:
                return Posix.Errno.EIO;
            default:
                Log.Broke(_log, exception);
                return Posix.Errno.EIO;
        }
    }

    /// <summary>Answers without a body; 0 is no failure.</summary>
    private void Fail(FuseRequest request, int error) => _device.Reply(request.Unique, error, default);

    private static partial class Log
    {
        [LoggerMessage(3500, LogLevel.Warning, "A request of the iSCSI target failed: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(3501, LogLevel.Error, "A request of the iSCSI target failed unexpectedly")]
        public static partial void Broke(ILogger logger, Exception exception);
    }
}
