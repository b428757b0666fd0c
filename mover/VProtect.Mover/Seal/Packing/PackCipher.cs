using System.Buffers.Binary;
using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Encryption;
using VProtect.Mover.Seal.Keys;

namespace VProtect.Mover.Seal.Packing;

/// <summary>
/// Seals and opens the records of one pack (FORMAT.md section 4). Safe from several threads: each call borrows a cipher of
/// its own, since one holds a context of OpenSSL, which serves one thread at a time. Clear packs have no cipher; their records
/// are guarded by hash and chunk id alone.
/// </summary>
internal sealed class PackCipher : IDisposable
{
    private readonly ConcurrentBag<AeadCipher> _idle = [];
    private readonly SecretBytes? _key;

    public PackCipher(RepositoryKeys keys, in PackHeader header)
    {
        if (header.Sealing == Sealing.AesGcm)
        {
            Span<byte> packKey = stackalloc byte[32];
            Span<byte> context = stackalloc byte[32];
            BinaryPrimitives.WriteUInt128BigEndian(context, header.RepositoryId);
            header.Pack.CopyTo(context[16..]);
            keys.DerivePackKey(header.KeyEpoch, context, packKey);
            _key = new SecretBytes(packKey);
            packKey.Clear();
        }
    }

    public int OverheadBytes => _key is null ? 0 : PackFormat.TagBytes;

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
        if (_key is null)
        {
            packed.CopyTo(payload);
        }
        else
        {
            Span<byte> nonce = stackalloc byte[12];
            PackFormat.WriteNonce(nonce, recordOffsetBytes);
            AeadCipher cipher = Borrow(_key);
            cipher.Encrypt(
                nonce,
                packed,
                payload[..packed.Length],
                payload[packed.Length..],
                record[PackFormat.RecordAuthenticatedOffset..PackFormat.RecordHeaderBytes]);
            _idle.Add(cipher);
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
        if (_key is null)
        {
            payload.CopyTo(packed);
            return true;
        }

        if (payload.Length < PackFormat.TagBytes)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[12];
        PackFormat.WriteNonce(nonce, recordOffsetBytes);
        AeadCipher cipher = Borrow(_key);
        bool opened = cipher.Decrypt(
            nonce,
            payload[..^PackFormat.TagBytes],
            payload[^PackFormat.TagBytes..],
            packed,
            record[PackFormat.RecordAuthenticatedOffset..PackFormat.RecordHeaderBytes]);
        _idle.Add(cipher);
        return opened;
    }

    private AeadCipher Borrow(SecretBytes key) => _idle.TryTake(out AeadCipher? idle) ? idle : new AeadCipher(key.Span);

    /// <summary>The hash that lets a store check a record without a key.</summary>
    public static UInt128 StoredHash(ReadOnlySpan<byte> record)
    {
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(record[PackFormat.RecordAuthenticatedOffset..], hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    public void Dispose()
    {
        while (_idle.TryTake(out AeadCipher? cipher))
        {
            cipher.Dispose();
        }

        _key?.Dispose();
    }
}
