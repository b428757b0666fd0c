namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// Reads the ledger's log: first checks it and finds where its last commit ends, then gives its blocks. A file that ends within a commit was
/// cut by a crash, and that commit never was; anything else that is wrong is damage, and nothing of the log is believed.
/// </summary>
internal sealed class LedgerLogReader(IndexFile file)
{
    private byte[] _buffer = new byte[64 << 10];

    /// <summary>Bytes up to the end of the last commit; valid after <see cref="Check"/>.</summary>
    public long CommittedBytes { get; private set; }

    /// <summary>Bytes up to the end of the first commit, the whole state.</summary>
    public long StateBytes { get; private set; }

    /// <summary>What is wrong with the log; null when it can be read.</summary>
    public string? Check()
    {
        long length = file.LengthBytes;
        Span<byte> head = stackalloc byte[LedgerBlock.HeadBytes];
        file.Read(head, 0);
        if (length < LedgerBlock.HeadBytes || !LedgerBlock.IsFileHead(head))
        {
            return "its log is damaged or of another version.";
        }

        for (long offset = LedgerBlock.HeadBytes; length - offset >= LedgerBlock.HeadBytes;)
        {
            file.Read(head, offset);
            offset += LedgerBlock.HeadBytes;
            if (!LedgerBlock.TryReadHead(head, out LedgerBlockKind kind, out int bodyBytes, out uint bodyCrc))
            {
                return "its log is damaged.";
            }

            if (length - offset < bodyBytes)
            {
                break;
            }

            if (Checksum.Of(Body(offset, bodyBytes)) != bodyCrc)
            {
                return "its log is damaged.";
            }

            offset += bodyBytes;
            if (kind == LedgerBlockKind.End)
            {
                CommittedBytes = offset;
                StateBytes = StateBytes == 0 ? offset : StateBytes;
            }
        }

        return CommittedBytes == 0 ? "its log is cut short." : null;
    }

    /// <summary>Gives each block to <paramref name="onBlock"/>; the body is valid during the call.</summary>
    public void ReadCommitted(LedgerBlockAction onBlock)
    {
        Span<byte> head = stackalloc byte[LedgerBlock.HeadBytes];
        for (long offset = LedgerBlock.HeadBytes; offset < CommittedBytes;)
        {
            file.Read(head, offset);
            offset += LedgerBlock.HeadBytes;
            LedgerBlock.TryReadHead(head, out LedgerBlockKind kind, out int bodyBytes, out _);
            onBlock(kind, Body(offset, bodyBytes));
            offset += bodyBytes;
        }
    }

    private ReadOnlySpan<byte> Body(long offset, int bytes)
    {
        if (bytes > _buffer.Length)
        {
            _buffer = new byte[bytes];
        }

        file.Read(_buffer.AsSpan(0, bytes), offset);
        return _buffer.AsSpan(0, bytes);
    }
}

/// <summary>Takes a block of the log.</summary>
internal delegate void LedgerBlockAction(LedgerBlockKind kind, ReadOnlySpan<byte> body);
