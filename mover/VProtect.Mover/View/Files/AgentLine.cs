using System.Buffers.Binary;
using VProtect.Abstractions;

namespace VProtect.Mover.View.Files;

/// <summary>What the agent said that it does not say: it is not to be trusted any more.</summary>
internal sealed class AgentException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Our end of the agent's protocol (FILES.md). Whoever is at the other end may be under a guest's control: each length is checked, and nothing is waited for without a
/// limit.
/// </summary>
internal sealed class AgentLine(Stream requests, Stream answers, TimeProvider time)
{
    internal const uint Version = 1;

    private const int HeaderBytes = 5;
    private const int PayloadBytesMax = 1 << 20;

    /// <summary>Of one answer; the agent ends one before.</summary>
    private const int AnswerBytesMax = 130 << 20;

    /// <summary>What a frame counts for besides: one that says nothing is no end either.</summary>
    private const int FrameBytes = 1 << 10;

    private readonly byte[] _header = new byte[HeaderBytes];

    /// <summary>Waits for its first word.</summary>
    internal async Task GreetAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        (char kind, byte[] payload) = await ReceiveAsync(timeout, cancellationToken);
        if (kind != 'H' || payload.Length != 4 || BinaryPrimitives.ReadUInt32BigEndian(payload) != Version)
        {
            throw new AgentException("The agent greeted as none of this version.");
        }
    }

    /// <summary>Asks, and hands each piece of the answer over as it comes.</summary>
    /// <param name="fields">The verb and its arguments.</param>
    /// <param name="piece">Takes a piece of the answer, in order; the bytes are its own.</param>
    /// <param name="silenceMax">How long the agent may say nothing.</param>
    /// <param name="cancellationToken">Gives up; the line cannot be used any more.</param>
    /// <returns>What the agent refused it for, or null.</returns>
    internal async Task<string?> AskAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> fields, Func<byte[], ValueTask> piece, TimeSpan silenceMax, CancellationToken cancellationToken)
    {
        int length = fields.Sum(field => 4 + field.Length);
        byte[] request = new byte[4 + length];
        BinaryPrimitives.WriteInt32BigEndian(request, length);
        int at = 4;
        foreach (ReadOnlyMemory<byte> field in fields)
        {
            BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(at), field.Length);
            field.Span.CopyTo(request.AsSpan(at + 4));
            at += 4 + field.Length;
        }

        try
        {
            await requests.WriteAsync(request, cancellationToken);
            await requests.FlushAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new AgentException("The agent has ended.", exception);
        }

        for (long left = AnswerBytesMax; ;)
        {
            (char kind, byte[] payload) = await ReceiveAsync(silenceMax, cancellationToken);
            left -= FrameBytes + payload.Length;
            switch (kind)
            {
                case 'D' when left < 0:
                    throw new AgentException("The agent's answer does not end.");
                case 'D':
                    await piece(payload);
                    break;
                case 'E':
                    return payload.Length == 0 ? null : GuestPath.Show(payload.AsSpan(0, Math.Min(payload.Length, 500)));
                default:
                    throw new AgentException("The agent answered with what is no answer.");
            }
        }
    }

    /// <summary>The fields of a piece that is a list of them.</summary>
    internal static List<string> FieldsOf(ReadOnlySpan<byte> piece)
    {
        var fields = new List<string>();
        while (!piece.IsEmpty)
        {
            if (piece.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(piece) is var length && length > piece.Length - 4)
            {
                throw new AgentException("A field of the agent's answer is longer than the answer.");
            }

            fields.Add(GuestPath.Show(piece.Slice(4, (int)length)));
            piece = piece[(4 + (int)length)..];
        }

        return fields;
    }

    /// <summary>The entries of a piece that is a list of them.</summary>
    internal static void AddFiles(ReadOnlySpan<byte> piece, ICollection<GuestFile> files)
    {
        const int FixedBytes = 28;
        while (!piece.IsEmpty)
        {
            if (piece.Length < FixedBytes)
            {
                throw new AgentException("An entry of the agent's answer is cut short.");
            }

            uint mode = BinaryPrimitives.ReadUInt32BigEndian(piece);
            uint user = BinaryPrimitives.ReadUInt32BigEndian(piece[4..]);
            uint group = BinaryPrimitives.ReadUInt32BigEndian(piece[8..]);
            long size = Math.Max(0, BinaryPrimitives.ReadInt64BigEndian(piece[12..]));
            long seconds = BinaryPrimitives.ReadInt64BigEndian(piece[20..]);
            piece = piece[FixedBytes..];
            ReadOnlySpan<byte> name = Take(ref piece);
            ReadOnlySpan<byte> target = Take(ref piece);
            GuestFileKind kind = (mode & 0xF000) switch
            {
                0x8000 => GuestFileKind.File,
                0x4000 => GuestFileKind.Folder,
                0xA000 => GuestFileKind.Link,
                _ => GuestFileKind.Special,
            };
            files.Add(new GuestFile(
                GuestPath.Show(name), kind, (int)(mode & 0xFFF), user, group, size, TimeOf(seconds), kind == GuestFileKind.Link ? GuestPath.Show(target) : null));
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> piece)
    {
        if (piece.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(piece) is var length && length > piece.Length - 2)
        {
            throw new AgentException("A name of the agent's answer is longer than the answer.");
        }

        ReadOnlySpan<byte> taken = piece.Slice(2, length);
        piece = piece[(2 + length)..];
        return taken;
    }

    private static DateTimeOffset TimeOf(long seconds) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds()));

    private async Task<(char Kind, byte[] Payload)> ReceiveAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await answers.ReadExactlyAsync(_header, both.Token);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(_header.AsSpan(1));
            if (length > PayloadBytesMax)
            {
                throw new AgentException("The agent announced a longer answer than any may be.");
            }

            byte[] payload = new byte[length];
            await answers.ReadExactlyAsync(payload, both.Token);
            return ((char)_header[0], payload);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AgentException($"The agent said nothing for {timeout.TotalSeconds:0} s.", exception);
        }
        catch (Exception exception) when (exception is IOException or EndOfStreamException)
        {
            throw new AgentException("The agent has ended.", exception);
        }
    }
}
