using System.Text;

namespace VProtect.Testing.PowerCut;

/// <summary>Answers the kernel's requests from a <see cref="VolatileTree"/>, until power goes.</summary>
internal sealed class PowerCutFileSystem(VolatileTree tree, bool renamesWithFlags)
{
    private const int NoEntry = 2;
    private const int IoError = 5;
    private const int Exists = 17;
    private const int NotEmpty = 39;
    private const int NotImplemented = 38;
    private const int NoReply = -1;
    private const int NameBytesMax = 255;
    private const int BlockBytes = 4096;
    private const uint NoReplace = 1;

    // Nobody else changes anything: what the kernel remembers stays true.
    private const ulong ValidSeconds = 3600;
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _changesLeft = int.MaxValue;
    private int _changes;
    private long _writtenBytes;

    public long WrittenBytes => Volatile.Read(ref _writtenBytes);

    public int Changes => Volatile.Read(ref _changes);

    public Task WhenCut => _cut.Task;

    public void Cut() => _cut.TrySetResult();

    public void CutAfter(int changes) => Volatile.Write(ref _changesLeft, changes);

    public int Answer(in FuseRequest request, FuseReply reply)
    {
        switch (request.Operation)
        {
            case FuseOperation.Forget or FuseOperation.ForgetMany or FuseOperation.Interrupt:
                return NoReply;
            case FuseOperation.Init:
                return Init(request, reply);
            case FuseOperation.Flush or FuseOperation.Release or FuseOperation.ReleaseDirectory or FuseOperation.Destroy:
                return 0;
        }

        if (IsChange(request.Operation))
        {
            _changes++;
            if (Interlocked.Decrement(ref _changesLeft) < 0)
            {
                Cut();
            }
        }

        if (_cut.Task.IsCompleted)
        {
            return IoError;
        }

        return tree.Find(request.Node) switch
        {
            VolatileDirectory directory => Answer(directory, request, reply),
            VolatileFile file => Answer(file, request, reply),
            _ => NoEntry,
        };
    }

    private static bool IsChange(FuseOperation operation) => operation
        is FuseOperation.Write or FuseOperation.Create or FuseOperation.SetAttributes or FuseOperation.MakeDirectory
        or FuseOperation.Unlink or FuseOperation.RemoveDirectory or FuseOperation.Rename or FuseOperation.Rename2
        or FuseOperation.Link or FuseOperation.Fsync or FuseOperation.FsyncDirectory or FuseOperation.Allocate;

    private static int Init(in FuseRequest request, FuseReply reply)
    {
        const uint AsyncRead = 1 << 0;
        const uint AtomicTruncate = 1 << 3;
        const uint BigWrites = 1 << 5;
        const uint ManyPages = 1 << 22;
        uint flags = request.UInt32(12) & (AsyncRead | AtomicTruncate | BigWrites | ManyPages);
        reply.Add(7u).Add(31u).Add(request.UInt32(8)).Add(flags).Add((ushort)16).Add((ushort)12).Add(FuseConnection.WriteBytesMax);
        reply.Add(1u).Add((ushort)(FuseConnection.WriteBytesMax / BlockBytes)).Add((ushort)0).AddZeros(32);
        return 0;
    }

    private int Answer(VolatileDirectory directory, in FuseRequest request, FuseReply reply)
    {
        switch (request.Operation)
        {
            case FuseOperation.Lookup:
                return directory.Entries.TryGetValue(request.Name(0, out _), out VolatileNode? found) ? AddEntry(reply, found) : NoEntry;
            case FuseOperation.GetAttributes:
                return AddAttributes(reply, directory);
            case FuseOperation.SetAttributes:
                return SetAttributes(directory, request, reply);
            case FuseOperation.MakeDirectory:
                return Make(directory, request.Name(8, out _), tree.NewDirectory(request.UInt32(0) & 0xFFF), reply);
            case FuseOperation.Create:
                int error = Make(directory, request.Name(16, out _), tree.NewFile(request.UInt32(4) & 0xFFF), reply);
                reply.AddZeros(16);
                return error;
            case FuseOperation.Link:
                return tree.Find((ulong)request.Int64(0)) is { } linked ? Make(directory, request.Name(8, out _), linked, reply) : NoEntry;
            case FuseOperation.Unlink or FuseOperation.RemoveDirectory:
                return Remove(directory, request.Name(0, out _));
            case FuseOperation.Rename:
                return Rename(directory, request, namesAt: 8, flags: 0);
            case FuseOperation.Rename2:
                return renamesWithFlags ? Rename(directory, request, namesAt: 16, flags: request.UInt32(8)) : NotImplemented;
            case FuseOperation.OpenDirectory:
                reply.AddZeros(16);
                return 0;
            case FuseOperation.ReadDirectory:
                return List(directory, request.Int64(8), (int)request.UInt32(16), reply);
            case FuseOperation.FsyncDirectory:
                directory.Flush();
                return 0;
            case FuseOperation.FileSystemStatus:
                return AddStatus(reply);
            default:
                return NotImplemented;
        }
    }

    private int Answer(VolatileFile file, in FuseRequest request, FuseReply reply)
    {
        switch (request.Operation)
        {
            case FuseOperation.GetAttributes:
                return AddAttributes(reply, file);
            case FuseOperation.SetAttributes:
                return SetAttributes(file, request, reply);
            case FuseOperation.Open:
                const uint Truncate = 0x200;
                if ((request.UInt32(0) & Truncate) != 0)
                {
                    file.SetLength(0);
                }

                reply.AddZeros(16);
                return 0;
            case FuseOperation.Read:
                reply.AddBytes(file.Read(request.Int64(8), (int)request.UInt32(16)));
                return 0;
            case FuseOperation.Write:
                int length = (int)request.UInt32(16);
                file.Write(request.Int64(8), request.Arguments.Slice(40, length));
                reply.Add(length).Add(0);
                _writtenBytes += length;
                return 0;
            case FuseOperation.Fsync:
                file.Flush();
                return 0;
            case FuseOperation.FileSystemStatus:
                return AddStatus(reply);
            default:
                return NotImplemented;
        }
    }

    private static int SetAttributes(VolatileNode node, in FuseRequest request, FuseReply reply)
    {
        const uint Permissions = 1;
        const uint Size = 8;
        if ((request.UInt32(0) & Permissions) != 0)
        {
            node.Mode = (node.Mode & ~0xFFFu) | (request.UInt32(68) & 0xFFF);
        }

        if ((request.UInt32(0) & Size) != 0)
        {
            ((VolatileFile)node).SetLength(request.Int64(16));
        }

        return AddAttributes(reply, node);
    }

    private static int Make(VolatileDirectory directory, string name, VolatileNode node, FuseReply reply)
    {
        if (directory.Entries.ContainsKey(name))
        {
            return Exists;
        }

        directory.Set(name, node);
        return AddEntry(reply, node);
    }

    private static int Remove(VolatileDirectory directory, string name)
    {
        if (!directory.Entries.TryGetValue(name, out VolatileNode? node))
        {
            return NoEntry;
        }

        if (node is VolatileDirectory { Entries.Count: > 0 })
        {
            return NotEmpty;
        }

        directory.Remove(name);
        return 0;
    }

    private int Rename(VolatileDirectory directory, in FuseRequest request, int namesAt, uint flags)
    {
        string name = request.Name(namesAt, out int next);
        string newName = request.Name(next, out _);
        if (!directory.Entries.TryGetValue(name, out VolatileNode? node) || tree.Find((ulong)request.Int64(0)) is not VolatileDirectory target)
        {
            return NoEntry;
        }

        if (flags == NoReplace && target.Entries.ContainsKey(newName))
        {
            return Exists;
        }

        target.Set(newName, node);
        directory.Remove(name);
        return 0;
    }

    private static int List(VolatileDirectory directory, long after, int bytesMax, FuseReply reply)
    {
        foreach ((long place, string name) in directory.Listing.SkipWhile(entry => entry.Place <= after))
        {
            VolatileNode node = directory.Entries[name];
            byte[] text = Encoding.UTF8.GetBytes(name);
            int padded = (24 + text.Length + 7) & ~7;
            if (reply.BodyBytes + padded > bytesMax)
            {
                break;
            }

            reply.Add(node.Number).Add(place).Add(text.Length).Add(node.Mode >> 12).AddBytes(text);
            reply.AddZeros(padded - 24 - text.Length);
        }

        return 0;
    }

    private static int AddEntry(FuseReply reply, VolatileNode node)
    {
        reply.Add(node.Number).Add(0L).Add(ValidSeconds).Add(ValidSeconds).Add(0L);
        AddNode(reply, node);
        return 0;
    }

    private static int AddAttributes(FuseReply reply, VolatileNode node)
    {
        reply.Add(ValidSeconds).Add(0L);
        AddNode(reply, node);
        return 0;
    }

    private static void AddNode(FuseReply reply, VolatileNode node)
    {
        long size = node is VolatileFile file ? file.LengthBytes : 0;
        reply.Add(node.Number).Add(size).Add((size + 511) / 512).AddZeros(24 + 12);
        reply.Add(node.Mode).Add(node.Names).AddZeros(12);
        reply.Add(BlockBytes).Add(0);
    }

    private static int AddStatus(FuseReply reply)
    {
        const long Blocks = (1L << 30) / BlockBytes;
        reply.Add(Blocks).Add(Blocks / 2).Add(Blocks / 2).Add(1L << 20).Add(1L << 19).Add(BlockBytes).Add(NameBytesMax).Add(BlockBytes).AddZeros(28);
        return 0;
    }
}
