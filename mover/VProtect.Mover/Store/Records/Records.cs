using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;

namespace VProtect.Mover.Store.Records;

/// <summary>Body of <c>repository</c> (FORMAT.md section 2.1).</summary>
internal sealed record RepositoryRecord(
    string Id, string CreatedAt, int ChunkBytes, long PackBytes, string Encryption, RepositoryFeatures Features)
{
    public const string AesGcm = "aes-256-gcm";
    public const string NoEncryption = "none";
}

/// <summary>Features a program must know before it may read, write or collect.</summary>
internal sealed record RepositoryFeatures(IReadOnlyList<string> Read, IReadOnlyList<string> Write, IReadOnlyList<string> Collect);

/// <summary>Body of <c>points/…</c> (FORMAT.md section 2.4).</summary>
internal sealed record PointRecord(
    string Id, string Machine, long Sequence, string? Parent, string CreatedAt, long DurationMs, string Software, string? Label,
    IReadOnlyList<PointDiskRecord> Disks);

/// <summary>A disk in a restore point.</summary>
internal sealed record PointDiskRecord(
    string Name, long SizeBytes, string Root, string? Token, string Mode, string? Reason,
    long ReadBytes, long ChangedBytes, long NewBytes, long StoredBytes);

/// <summary>Body of an aborted point.</summary>
internal sealed record AbortedRecord(string Lease);

/// <summary>Body of <c>forgotten/…</c> and <c>holds/…</c>.</summary>
internal sealed record MarkRecord(string At, string? Reason);

/// <summary>Body of <c>leases/…</c>.</summary>
internal sealed record LeaseRecord(
    string Lease, string? Point, IReadOnlyList<string> Pins, long Generation, string Host, string Boot, int Process, string Started,
    string? Nonce = null, string? Machine = null, string? Namespace = null);

/// <summary>Body of <c>ended/…</c>.</summary>
internal sealed record EndedRecord(string Lease);

/// <summary>
/// Body of <c>gc/…</c>. <c>Open</c>: the oldest generation whose leases count; null in those of early programs, for its own.
/// <c>Oldest</c>: the oldest generation with an open lease, or its own, as this collection found it and those before it, newest last.
/// </summary>
internal sealed record CollectionRecord(
    long Generation, IReadOnlyList<CondemnedPack> Condemned, long? Open = null, IReadOnlyList<long>? Oldest = null)
{
    /// <summary>The condemned packs; all of them parse, which is checked where a record is read.</summary>
    [JsonIgnore]
    public IEnumerable<PackId> PackIds => Condemned.Select(pack => PackId.TryParse(pack.Pack, out PackId id) ? id : default);
}

/// <summary>
/// A pack that no new backup may build upon, and the generation that said so first. <c>Gone</c>: the generation that found or made
/// it absent; it is named still, since a listing may show it still.
/// </summary>
internal sealed record CondemnedPack(
    string Pack, long Since, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Gone = null);

/// <summary>Body of <c>bad/…</c>.</summary>
internal sealed record BadChunksRecord(string Pack, IReadOnlyList<string> Chunks);

/// <summary>The JSON of all record bodies, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RepositoryRecord))]
[JsonSerializable(typeof(PointRecord))]
[JsonSerializable(typeof(AbortedRecord))]
[JsonSerializable(typeof(MarkRecord))]
[JsonSerializable(typeof(LeaseRecord))]
[JsonSerializable(typeof(EndedRecord))]
[JsonSerializable(typeof(CollectionRecord))]
[JsonSerializable(typeof(BadChunksRecord))]
[JsonSerializable(typeof(KeySlot))]
[JsonSerializable(typeof(KeyRing))]
internal sealed partial class RecordJson : JsonSerializerContext
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="VProtect.Abstractions.IntegrityException">It is not the JSON that this kind of object has.</exception>
    public static T Read<T>(ReadOnlySpan<byte> body, string objectKey)
    {
        try
        {
            return (T?)JsonSerializer.Deserialize(body, typeof(T), Default)
                ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new VProtect.Abstractions.IntegrityException($"The content of the object '{objectKey}' is not understood: {e.Message}", inner: e);
        }
    }

    /// <summary>Writes a body.</summary>
    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, typeof(T), Default);
}
