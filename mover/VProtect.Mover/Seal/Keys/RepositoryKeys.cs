using System.Globalization;
using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Packing;

namespace VProtect.Mover.Seal.Keys;

/// <summary>
/// The keys of an opened repository (FORMAT.md section 2.3). Kept for the life of the repository object; safe from several threads.
/// </summary>
internal sealed class RepositoryKeys
{
    private readonly byte[] _idKey;
    private readonly byte[] _nodeIdKey;
    private readonly byte[] _macKey;
    private readonly Dictionary<uint, byte[]> _dataKeys;

    private RepositoryKeys(byte[] idKey, byte[] nodeIdKey, byte[] macKey, Dictionary<uint, byte[]> dataKeys)
    {
        _idKey = idKey;
        _nodeIdKey = nodeIdKey;
        _macKey = macKey;
        _dataKeys = dataKeys;
        CurrentEpoch = dataKeys.Count == 0 ? 0 : dataKeys.Keys.Max();
    }

    /// <summary>Whether what is written now is encrypted.</summary>
    public Sealing Sealing => _dataKeys.Count == 0 ? Sealing.Clear : Sealing.AesGcm;

    /// <summary>The epoch whose data key seals what is written now; 0 without encryption.</summary>
    public uint CurrentEpoch { get; }

    /// <summary>32 bytes under which chunk ids are made.</summary>
    public ReadOnlyMemory<byte> IdKey => _idKey;

    /// <summary>32 bytes under which tree node ids are made.</summary>
    public ReadOnlyMemory<byte> NodeIdKey => _nodeIdKey;

    /// <summary>32 bytes that prove who wrote a pack's footer.</summary>
    public ReadOnlyMemory<byte> MacKey => _macKey;

    /// <summary>Keys of a repository without encryption: anybody can derive them from its id.</summary>
    public static RepositoryKeys Public(UInt128 repositoryId)
    {
        byte[] id = Encoding.ASCII.GetBytes(repositoryId.ToString("x32", CultureInfo.InvariantCulture));
        byte[] material = Convert.FromHexString(Encoding.ASCII.GetString(id));
        return new RepositoryKeys(
            Derive("VProtect 2026-11 public id v1", material),
            Derive("VProtect 2026-11 public node v1", material),
            Derive("VProtect 2026-11 public mac v1", material),
            []);
    }

    /// <summary>Keys as a ring holds them.</summary>
    public static RepositoryKeys FromRing(KeyRing ring) => new(
        Convert.FromHexString(ring.IdKey),
        Convert.FromHexString(ring.NodeIdKey),
        Convert.FromHexString(ring.MacKey),
        ring.DataKeys.ToDictionary(key => key.Epoch, key => Convert.FromHexString(key.Key)));

    /// <summary>Whether this ring can open what an epoch sealed.</summary>
    public bool HasEpoch(uint epoch) => Sealing == Sealing.Clear ? epoch == 0 : _dataKeys.ContainsKey(epoch);

    /// <summary>The id of a chunk of a disk.</summary>
    public ChunkId ChunkIdOf(ReadOnlySpan<byte> plain) => Identify(_idKey, plain);

    /// <summary>The id of a tree node.</summary>
    public ChunkId NodeIdOf(ReadOnlySpan<byte> node) => Identify(_nodeIdKey, node);

    /// <summary>The id of plain bytes from a pack of a kind.</summary>
    public ChunkId IdOf(PackKind kind, ReadOnlySpan<byte> plain) => Identify(kind == PackKind.Nodes ? _nodeIdKey : _idKey, plain);

    /// <summary>The key of one pack.</summary>
    public void DerivePackKey(uint epoch, ReadOnlySpan<byte> repositoryAndPackId, Span<byte> key32) =>
        DeriveFromEpoch("VProtect 2026-11 pack key v1", epoch, repositoryAndPackId, key32);

    /// <summary>The key of one envelope.</summary>
    public void DeriveEnvelopeKey(uint epoch, ReadOnlySpan<byte> salt, Span<byte> key32) =>
        DeriveFromEpoch(EnvelopeContext, epoch, salt, key32);

    internal const string EnvelopeContext = "VProtect 2026-11 envelope key v1";

    private void DeriveFromEpoch(string context, uint epoch, ReadOnlySpan<byte> suffix, Span<byte> key32)
    {
        if (!_dataKeys.TryGetValue(epoch, out byte[]? dataKey))
        {
            throw new IntegrityException($"Something was sealed with key epoch {epoch}, which this repository's ring does not hold.");
        }

        Span<byte> material = stackalloc byte[64];
        dataKey.CopyTo(material);
        suffix.CopyTo(material[32..]);
        Blake3.DeriveKey(context, material[..(32 + suffix.Length)], key32);
        material.Clear();
    }

    private static ChunkId Identify(byte[] key, ReadOnlySpan<byte> plain)
    {
        Span<byte> hash = stackalloc byte[ChunkId.LengthBytes];
        Blake3.KeyedHash(key, plain, hash);
        return new ChunkId(hash);
    }

    private static byte[] Derive(string context, ReadOnlySpan<byte> material)
    {
        byte[] key = new byte[32];
        Blake3.DeriveKey(context, material, key);
        return key;
    }
}
