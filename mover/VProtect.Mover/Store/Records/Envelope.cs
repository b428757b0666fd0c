using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Encryption;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.Store.Records;

/// <summary>What an envelope holds. Persisted: values only grow.</summary>
internal enum EnvelopeKind : ushort
{
    Repository = 1,
    KeySlot = 2,
    KeyRing = 3,
    RestorePoint = 4,
    AbortedPoint = 5,
    Forgotten = 6,
    Hold = 7,
    Lease = 8,
    Collection = 9,
    BadChunks = 10,
    EndedLease = 11,
    Removal = 12,
}

/// <summary>Writes and reads the small objects of a repository (FORMAT.md section 2).</summary>
internal static class Envelope
{
    public const int HeaderBytes = 40;
    public const int HashBytes = 32;
    public const int BodyBytesMax = 64 << 20;
    private const ushort VersionMax = 1;
    private const int TagBytes = PackFormat.TagBytes;

    private static ReadOnlySpan<byte> Magic => "VPROTECT"u8;

    /// <summary>An envelope whose body anybody may read.</summary>
    public static byte[] Clear(EnvelopeKind kind, ReadOnlySpan<byte> body)
    {
        byte[] bytes = Begin(kind, Sealing.Clear, epoch: 0, body.Length);
        body.CopyTo(bytes.AsSpan(HeaderBytes));
        return End(bytes);
    }

    /// <summary>An envelope sealed by the current data key; clear in a repository without encryption.</summary>
    public static byte[] Seal(EnvelopeKind kind, string objectKey, ReadOnlySpan<byte> body, UInt128 repositoryId, RepositoryKeys keys)
    {
        if (keys.Sealing == Sealing.Clear)
        {
            return Clear(kind, body);
        }

        byte[] bytes = Begin(kind, Sealing.AesGcm, keys.CurrentEpoch, body.Length + TagBytes);
        byte[] key = new byte[32];
        keys.DeriveEnvelopeKey(keys.CurrentEpoch, Salt(bytes), key);
        return SealInPlace(bytes, objectKey, body, repositoryId, key);
    }

    /// <summary>An envelope sealed by the root key: the ring.</summary>
    public static byte[] SealByRootKey(
        EnvelopeKind kind, string objectKey, ReadOnlySpan<byte> body, UInt128 repositoryId, ReadOnlySpan<byte> rootKey)
    {
        byte[] bytes = Begin(kind, Sealing.AesGcm, epoch: 0, body.Length + TagBytes);
        return SealInPlace(bytes, objectKey, body, repositoryId, DeriveByRootKey(rootKey, Salt(bytes)));
    }

    /// <summary>Opens an envelope of a kind.</summary>
    /// <exception cref="IntegrityException">It is damaged, foreign, or not of that kind.</exception>
    /// <exception cref="VProtectException">It is newer than this program.</exception>
    public static byte[] Open(ReadOnlySpan<byte> bytes, EnvelopeKind kind, string objectKey, UInt128 repositoryId, RepositoryKeys? keys)
    {
        (Sealing sealing, uint epoch) = Check(bytes, kind, objectKey);
        if (sealing == Sealing.Clear)
        {
            if (keys?.Sealing == Sealing.AesGcm && kind == EnvelopeKind.RestorePoint)
            {
                throw new IntegrityException($"The object '{objectKey}' is not encrypted, in an encrypted repository: it was not written by us.");
            }

            return bytes[HeaderBytes..^HashBytes].ToArray();
        }

        byte[] key = new byte[32];
        if (keys is null || keys.Sealing == Sealing.Clear)
        {
            throw new IntegrityException($"The object '{objectKey}' is encrypted, in a repository that has no keys.");
        }

        keys.DeriveEnvelopeKey(epoch, Salt(bytes), key);
        return OpenSealed(bytes, objectKey, repositoryId, key)
            ?? throw new IntegrityException($"The object '{objectKey}' does not open with this repository's key: it was altered or moved.");
    }

    /// <summary>Opens an envelope sealed by the root key; null when this is not its key.</summary>
    /// <exception cref="IntegrityException">It is damaged or not of that kind.</exception>
    public static byte[]? TryOpenByRootKey(
        ReadOnlySpan<byte> bytes, EnvelopeKind kind, string objectKey, UInt128 repositoryId, ReadOnlySpan<byte> rootKey)
    {
        (Sealing sealing, _) = Check(bytes, kind, objectKey);
        return sealing == Sealing.Clear ? null : OpenSealed(bytes, objectKey, repositoryId, DeriveByRootKey(rootKey, Salt(bytes)));
    }

    /// <summary>The kind of an envelope, or null when the bytes are not one.</summary>
    public static EnvelopeKind? KindOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderBytes && bytes.StartsWith(Magic) ? (EnvelopeKind)BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) : null;

    private static byte[] Begin(EnvelopeKind kind, Sealing sealing, uint epoch, int bodyBytes)
    {
        byte[] bytes = new byte[HeaderBytes + bodyBytes + HashBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), VersionMax);
        bytes[12] = (byte)sealing;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), epoch);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), bodyBytes);
        if (sealing != Sealing.Clear)
        {
            RandomNumberGenerator.Fill(bytes.AsSpan(24, 16));
        }

        return bytes;
    }

    private static byte[] End(byte[] bytes)
    {
        Blake3.Hash(bytes.AsSpan(0, bytes.Length - HashBytes), bytes.AsSpan(bytes.Length - HashBytes));
        return bytes;
    }

    private static byte[] SealInPlace(byte[] bytes, string objectKey, ReadOnlySpan<byte> body, UInt128 repositoryId, byte[] key)
    {
        Span<byte> sealedBody = bytes.AsSpan(HeaderBytes, body.Length);
        Span<byte> tag = bytes.AsSpan(HeaderBytes + body.Length, TagBytes);
        using var cipher = new AeadCipher(key);
        CryptographicOperations.ZeroMemory(key);
        cipher.Encrypt(stackalloc byte[12], body, sealedBody, tag, AdditionalData(bytes, objectKey, repositoryId));
        return End(bytes);
    }

    private static byte[]? OpenSealed(ReadOnlySpan<byte> bytes, string objectKey, UInt128 repositoryId, byte[] key)
    {
        ReadOnlySpan<byte> body = bytes[HeaderBytes..^HashBytes];
        if (body.Length < TagBytes)
        {
            return null;
        }

        byte[] plain = new byte[body.Length - TagBytes];
        using var cipher = new AeadCipher(key);
        CryptographicOperations.ZeroMemory(key);
        return cipher.Decrypt(
            stackalloc byte[12], body[..^TagBytes], body[^TagBytes..], plain, AdditionalData(bytes, objectKey, repositoryId)) ? plain : null;
    }

    private static (Sealing Sealing, uint Epoch) Check(ReadOnlySpan<byte> bytes, EnvelopeKind kind, string objectKey)
    {
        if (bytes.Length < HeaderBytes + HashBytes || !bytes.StartsWith(Magic))
        {
            throw new IntegrityException($"The object '{objectKey}' is cut short or is not one of ours.");
        }

        Span<byte> hash = stackalloc byte[HashBytes];
        Blake3.Hash(bytes[..^HashBytes], hash);
        if (!hash.SequenceEqual(bytes[^HashBytes..]))
        {
            throw new IntegrityException($"The object '{objectKey}' is damaged: its hash does not match.");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        if (version > VersionMax)
        {
            throw new VProtectException(
                ErrorCode.RepositoryTooNew, ErrorSide.Repository,
                $"The object '{objectKey}' has version {version}; this program knows up to {VersionMax}.",
                "Use a newer vprotect with this repository.");
        }

        int bodyBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) != (ushort)kind
            || bodyBytes != bytes.Length - HeaderBytes - HashBytes || bytes[12] > 1)
        {
            throw new IntegrityException($"The object '{objectKey}' is not what its key says (wanted: {kind}).");
        }

        return ((Sealing)bytes[12], BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]));
    }

    private static ReadOnlySpan<byte> Salt(ReadOnlySpan<byte> bytes) => bytes.Slice(24, 16);

    private static byte[] DeriveByRootKey(ReadOnlySpan<byte> rootKey, ReadOnlySpan<byte> salt)
    {
        Span<byte> material = stackalloc byte[48];
        rootKey.CopyTo(material);
        salt.CopyTo(material[32..]);
        byte[] key = new byte[32];
        Blake3.DeriveKey(RepositoryKeys.EnvelopeContext, material, key);
        material.Clear();
        return key;
    }

    private static byte[] AdditionalData(ReadOnlySpan<byte> bytes, string objectKey, UInt128 repositoryId)
    {
        byte[] data = new byte[HeaderBytes + 16 + Encoding.UTF8.GetByteCount(objectKey)];
        bytes[..HeaderBytes].CopyTo(data);
        BinaryPrimitives.WriteUInt128BigEndian(data.AsSpan(HeaderBytes), repositoryId);
        Encoding.UTF8.GetBytes(objectKey, data.AsSpan(HeaderBytes + 16));
        return data;
    }
}
