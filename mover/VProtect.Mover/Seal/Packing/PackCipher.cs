using System.Buffers.Binary;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Encryption;
using VProtect.Mover.Seal.Keys;

namespace VProtect.Mover.Seal.Packing;

/// <summary>
/// Seals and opens the records of one pack (FORMAT.md section 4). Stateless after construction, safe from several
/// threads. Clear packs have no cipher; their records are guarded by hash and chunk id alone.
/// </summary>
internal sealed class PackCipher : IDisposable
{
    private readonly AeadCipher? _cipher;

    public PackCipher(RepositoryKeys keys, in PackHeader header)
    {
        if (header.Sealing == Sealing.AesGcm)
        {
            Span<byte> packKey = stackalloc byte[32];
            Span<byte> context = stackalloc byte[32];
            BinaryPrimitives.WriteUInt128BigEndian(context, header.RepositoryId);
            header.Pack.CopyTo(context[16..]);
            keys.DerivePackKey(header.KeyEpoch, context, packKey);
            _cipher = new AeadCipher(packKey);
            packKey.Clear();
        }
    }

    public int OverheadBytes => _cipher is null ? 0 : PackFormat.TagBytes;

    /// <summary>
    /// Completes the record that lies at the start of <paramref name="record"/>: header fields, sealing, stored hash.
    /// <paramref name="packed"/> is the chunk's (compressed) bytes, outside of the record.
    /// </summary>
    /// <returns>The header as written. The record takes <see cref="RecordHeader.RecordBytes"/>.</returns>
    public RecordHeader Seal(
        Span<byte> record, long recordOffsetBytes, in ChunkId id, ChunkCodec codec, int rawBytes, ReadOnlySpan<byte> packed)
    {
        int payloadBytes = packed.Length + OverheadBytes;
        record = record[..(PackFormat.RecordHeaderBytes + payloadBytes)];
        var header = new RecordHeader(default, codec, (uint)rawBytes, (uint)payloadBytes, id);
        header.CopyTo(record);
        Span<byte> payload = record[PackFormat.RecordHeaderBytes..];
        if (_cipher is null)
        {
            packed.CopyTo(payload);
        }
        else
        {
            Span<byte> nonce = stackalloc byte[12];
            PackFormat.WriteNonce(nonce, recordOffsetBytes);
            _cipher.Encrypt(
                nonce,
                packed,
                payload[..packed.Length],
                payload[packed.Length..],
                record[PackFormat.RecordAuthenticatedOffset..PackFormat.RecordHeaderBytes]);
        }

        UInt128 storedHash = StoredHash(record);
        BinaryPrimitives.WriteUInt128BigEndian(record, storedHash);
        return header with { StoredHash = storedHash };
    }

    /// <summary>
    /// Opens a whole record into <paramref name="packed"/> (payload length without the tag). False when the tag does not match.
    /// Clear records are copied.
    /// </summary>
    public bool TryOpen(ReadOnlySpan<byte> record, long recordOffsetBytes, Span<byte> packed)
    {
        ReadOnlySpan<byte> payload = record[PackFormat.RecordHeaderBytes..];
        if (_cipher is null)
        {
            payload.CopyTo(packed);
            return true;
        }

        Span<byte> nonce = stackalloc byte[12];
        PackFormat.WriteNonce(nonce, recordOffsetBytes);
        return payload.Length >= PackFormat.TagBytes && _cipher.Decrypt(
            nonce,
            payload[..^PackFormat.TagBytes],
            payload[^PackFormat.TagBytes..],
            packed,
            record[PackFormat.RecordAuthenticatedOffset..PackFormat.RecordHeaderBytes]);
    }

    /// <summary>The hash that lets a store check a record without a key.</summary>
    public static UInt128 StoredHash(ReadOnlySpan<byte> record)
    {
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(record[PackFormat.RecordAuthenticatedOffset..], hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    public void Dispose() => _cipher?.Dispose();
}
