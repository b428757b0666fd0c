using VProtect.Nbd.Wire;

namespace VProtect.Nbd.Server;

/// <summary>What each request means.</summary>
internal sealed partial class Transmission
{
    /// <summary>Extents of one context in one reply: 64 KiB of them. Clients ask again for what is behind.</summary>
    private const int ExtentsMax = 8192;

    /// <summary>Reads from here on are looked through for holes before they are made.</summary>
    private const int HolesFromBytes = 32 * 1024;

    /// <summary>Pieces of one reply to a read; behind them everything counts as data.</summary>
    private const int PartsMax = 64;

    private bool Has(NbdExportFlags flag) => (_served.Flags & flag) != 0;

    /// <summary>Whether a request may be made at all; null when it may.</summary>
    private (NbdFault Fault, string Message)? Check(in RequestHeader request)
    {
        CommandFlags allowed = (Has(NbdExportFlags.SendFua) ? CommandFlags.ForceUnitAccess : CommandFlags.None) | request.Type switch
        {
            CommandType.Read when _terms.IsStructured => CommandFlags.DontFragment,
            CommandType.WriteZeroes => CommandFlags.NoHole | (Has(NbdExportFlags.SendFastZero) ? CommandFlags.FastZero : CommandFlags.None),
            CommandType.BlockStatus => CommandFlags.RequestOne,
            _ => CommandFlags.None,
        };
        if ((request.Flags & ~allowed) != 0)
        {
            return (NbdFault.Invalid, "The request has a flag that was not offered.");
        }

        if (request.Type == CommandType.Flush)
        {
            return !Has(NbdExportFlags.SendFlush) || request.Offset != 0 || request.Length != 0
                ? (NbdFault.Invalid, "A flush was not offered, or has a range.")
                : null;
        }

        bool isWrite = request.Type is CommandType.Write or CommandType.Trim or CommandType.WriteZeroes;
        bool isOffered = request.Type switch
        {
            CommandType.Read or CommandType.Write => true,
            CommandType.Trim => Has(NbdExportFlags.SendTrim),
            CommandType.Cache => Has(NbdExportFlags.SendCache),
            CommandType.WriteZeroes => Has(NbdExportFlags.SendWriteZeroes),
            CommandType.BlockStatus => _terms.Contexts.Count > 0,
            _ => false,
        };
        if (isWrite && Has(NbdExportFlags.ReadOnly))
        {
            return (NbdFault.NotPermitted, "The export is read-only.");
        }

        if (!isOffered)
        {
            return (NbdFault.Invalid, "The export does not offer this request.");
        }

        ulong size = (ulong)_export.SizeBytes;
        if (request.Length == 0 || (request.Offset | request.Length) % _served.Sizes.Minimum != 0)
        {
            return (NbdFault.Invalid, "The range is empty, or not in whole blocks.");
        }

        if (request.Offset > size || request.Length > size - request.Offset)
        {
            return (isWrite ? NbdFault.NoSpace : NbdFault.Invalid, "The range ends behind the export.");
        }

        return request.Type is CommandType.Read or CommandType.Write && request.Length > _served.Sizes.Maximum
            ? (NbdFault.Overflow, "The request is longer than the export allows.")
            : null;
    }

    /// <summary>Makes a request and queues its reply. Never throws.</summary>
    private async ValueTask ExecuteAsync(RequestHeader request, Reply reply)
    {
        long offset = (long)request.Offset;
        long length = (long)request.Length;
        bool fua = (request.Flags & CommandFlags.ForceUnitAccess) != 0;
        try
        {
            switch (request.Type)
            {
                case CommandType.Read:
                    await ReadAsync(offset, (int)length, (request.Flags & CommandFlags.DontFragment) != 0, reply);
                    Interlocked.Add(ref _readBytes, length);
                    break;
                case CommandType.Write:
                    await _export.WriteAsync(offset, reply.Payload.AsMemory(0, (int)length), fua, _connection.Ended);
                    Interlocked.Add(ref _writtenBytes, length);
                    break;
                case CommandType.Flush:
                    await _export.FlushAsync(_connection.Ended);
                    break;
                case CommandType.Trim:
                    await _export.TrimAsync(offset, length, fua, _connection.Ended);
                    break;
                case CommandType.Cache:
                    await _export.CacheAsync(offset, length, _connection.Ended);
                    break;
                case CommandType.WriteZeroes:
                    await _export.WriteZeroesAsync(offset, length, ZeroFlags(request.Flags), _connection.Ended);
                    break;
                default:
                    await StatusAsync(offset, length, (request.Flags & CommandFlags.RequestOne) != 0, reply);
                    break;
            }
        }
        catch (NbdExportException e)
        {
            reply.Fail(e.Fault, e.Message);
        }
        catch (OperationCanceledException) when (_connection.Ended.IsCancellationRequested)
        {
            reply.Fail(NbdFault.Shutdown, "The connection is ending.");
        }
        catch (Exception e)
        {
            // Whatever it is, it concerns this request: the server and its other clients go on.
            NbdServer.Log.RequestFailed(_server.Logger, e, _served.Name, request.Type.ToString(), request.Length, request.Offset);
            reply.Fail(NbdFault.Io, "The storage behind the export failed.");
        }

        _sender.Enqueue(reply);
    }

    private async ValueTask ReadAsync(long offset, int length, bool inOnePiece, Reply reply)
    {
        if (_terms.IsStructured && _served.KnowsAllocation && length >= HolesFromBytes
            && await FindPartsAsync(offset, length) is { } parts && (parts.Count == 1 || !inOnePiece))
        {
            int dataBytes = parts.Sum(static part => part.IsHole ? 0 : part.Length);
            reply.Payload = dataBytes == 0 ? null : _server.Payloads.Rent(dataBytes);
            foreach (ReadPart part in parts)
            {
                if (!part.IsHole)
                {
                    await _export.ReadAsync(part.Offset, reply.Payload.AsMemory(part.BufferOffset, part.Length), _connection.Ended);
                }
            }

            reply.SetParts(parts, dataBytes);
            return;
        }

        reply.Payload = _server.Payloads.Rent(length);
        await _export.ReadAsync(offset, reply.Payload.AsMemory(0, length), _connection.Ended);
        reply.SetData(offset, length);
    }

    /// <summary>Data and holes of a read; null when there are no holes.</summary>
    private async ValueTask<List<ReadPart>?> FindPartsAsync(long offset, int length)
    {
        var extents = new List<NbdExtent>();
        await _export.GetExtentsAsync(NbdMetaContext.BaseAllocation, offset, length, PartsMax, extents, _connection.Ended);
        var parts = new List<ReadPart>();
        long end = offset + length;
        long at = offset;
        int dataBytes = 0;
        foreach (NbdExtent extent in extents)
        {
            Add(extent.LengthBytes, (extent.Flags & NbdMetaContext.Zero) != 0);
        }

        Add(end - at, isHole: false);
        return parts is [{ IsHole: false }] ? null : parts;

        void Add(long bytes, bool isHole)
        {
            int count = (int)Math.Min(bytes, end - at);
            if (count <= 0)
            {
                return;
            }

            if (parts.Count > 0 && parts[^1].IsHole == isHole)
            {
                parts[^1] = parts[^1] with { Length = parts[^1].Length + count };
            }
            else
            {
                parts.Add(new ReadPart(at, isHole ? 0 : dataBytes, count, isHole));
            }

            dataBytes += isHole ? 0 : count;
            at += count;
        }
    }

    private async ValueTask StatusAsync(long offset, long length, bool one, Reply reply)
    {
        foreach ((uint number, string name) in _terms.Contexts)
        {
            var extents = new List<NbdExtent>();
            await _export.GetExtentsAsync(name, offset, length, one ? 1 : ExtentsMax, extents, _connection.Ended);
            reply.AddStatus(number, extents);
        }
    }

    private static NbdWriteZeroesFlags ZeroFlags(CommandFlags flags) =>
        ((flags & CommandFlags.ForceUnitAccess) != 0 ? NbdWriteZeroesFlags.ForceUnitAccess : NbdWriteZeroesFlags.None)
        | ((flags & CommandFlags.NoHole) != 0 ? NbdWriteZeroesFlags.NoHole : NbdWriteZeroesFlags.None)
        | ((flags & CommandFlags.FastZero) != 0 ? NbdWriteZeroesFlags.FastZero : NbdWriteZeroesFlags.None);
}
