using System.Globalization;
using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Mover.Reduce.Chunking;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Seal.Packing;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>
/// An opened repository: its constants, its keys and its small objects. Chunks are read through <see cref="ChunkStore"/>,
/// which adds the chunk index. Safe from several threads. Owns the object store it was opened on.
/// </summary>
public sealed partial class Repository : IAsyncDisposable
{
    private const string HeaderKey = "repository";
    private readonly TimeProvider _time;

    private Repository(IObjectStore store, RepositoryRecord header, RepositoryKeys keys, TimeProvider time)
    {
        Store = store;
        Header = header;
        Keys = keys;
        _time = time;
        Uuid = UInt128.Parse(header.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        Packs = new PackReader(store, Uuid, keys);
    }

    /// <summary>The repository's identity: 32 hexadecimal digits.</summary>
    public string Id => Header.Id;

    /// <summary>What messages call it.</summary>
    public string Name => Store.Name;

    /// <summary>Bytes of a chunk.</summary>
    public int ChunkBytes => Header.ChunkBytes;

    /// <summary>Bytes at which a pack is sealed.</summary>
    public long PackBytes => Header.PackBytes;

    /// <summary>Whether what is written is encrypted.</summary>
    public bool IsEncrypted => Keys.Sealing != Sealing.Clear;

    /// <summary>When it was made, by the clock of its maker.</summary>
    public string CreatedAt => Header.CreatedAt;

    /// <summary>The backend.</summary>
    public IObjectStore Store { get; }

    /// <summary>Whom its leases name.</summary>
    internal ProcessIdentity Process { get; set; } = WriterProcess.Own;

    internal UInt128 Uuid { get; }

    internal RepositoryRecord Header { get; }

    internal RepositoryKeys Keys { get; private set; }

    internal PackReader Packs { get; }

    /// <summary>Makes a repository in an empty place.</summary>
    /// <param name="store">Where; stays the caller's.</param>
    /// <param name="options">Its constants.</param>
    /// <param name="secrets">What opens it: one at least when it is encrypted.</param>
    /// <param name="time">For the dates shown.</param>
    /// <param name="cancellationToken">Ends the attempt; without a header, what was written counts for nothing.</param>
    /// <returns>Its id.</returns>
    /// <exception cref="VProtectException">There is one already, or an option is wrong.</exception>
    public static async Task<string> InitAsync(
        IObjectStore store, RepositoryOptions options, IReadOnlyList<Secret> secrets, TimeProvider time, CancellationToken cancellationToken)
    {
        options.Validate();
        if (await store.GetSizeAsync(HeaderKey, cancellationToken) is not null)
        {
            throw AlreadyThere(store);
        }

        UInt128 uuid = PackId.NewRandom().Value;
        string id = uuid.ToString("x32", CultureInfo.InvariantCulture);
        DateTimeOffset now = time.GetUtcNow();
        var header = new RepositoryRecord(
            id, now.ToString("O", CultureInfo.InvariantCulture), options.ChunkBytes, options.PackBytes,
            options.Encrypt ? RepositoryRecord.AesGcm : RepositoryRecord.NoEncryption, new RepositoryFeatures([], [], []));
        byte[] headerBody = RecordJson.Write(header);
        if (options.Encrypt)
        {
            if (secrets.Count == 0)
            {
                throw KeyRequired();
            }

            byte[] rootKey = RandomNumberGenerator.GetBytes(32);
            foreach (Secret secret in secrets)
            {
                await PutSlotAsync(store, KeySlot.Wrap(uuid, rootKey, secret, label: null, now), cancellationToken);
            }

            var ring = KeyRing.NewRandom(HashOf(headerBody));
            await PutRingAsync(store, uuid, rootKey, ring, cancellationToken);
            CryptographicOperations.ZeroMemory(rootKey);
        }

        if (!await store.PutIfAbsentAsync(HeaderKey, Envelope.Clear(EnvelopeKind.Repository, headerBody), cancellationToken))
        {
            throw AlreadyThere(store);
        }

        return id;
    }

    /// <summary>Opens a repository.</summary>
    /// <param name="store">Where it lies; owned by the result, or still the caller's when this throws.</param>
    /// <param name="secret">What opens it; null tries without.</param>
    /// <param name="time">For dates written.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="VProtectException">None is there, it is too new, or the key is wrong or missing.</exception>
    public static async Task<Repository> OpenAsync(
        IObjectStore store, Secret? secret, TimeProvider time, CancellationToken cancellationToken)
    {
        (RepositoryRecord header, byte[] headerBody) = await ReadHeaderAsync(store, cancellationToken);
        var uuid = UInt128.Parse(header.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (header.Encryption == RepositoryRecord.NoEncryption)
        {
            return new Repository(store, header, RepositoryKeys.Public(uuid), time);
        }

        Unlocked unlocked = await UnlockAsync(store, uuid, secret, HashOf(headerBody), cancellationToken);
        CryptographicOperations.ZeroMemory(unlocked.RootKey);
        return new Repository(store, header, RepositoryKeys.FromRing(unlocked.Ring), time) { OpenedBySlot = unlocked.Slot.Slot };
    }

    /// <summary>What can be told of a repository without any secret: enough to know whether to ask for one, and to open its index meanwhile.</summary>
    /// <param name="store">Where it lies; stays the caller's.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="VProtectException">None is there, it is damaged, or it is too new.</exception>
    public static async Task<RepositorySummary> DescribeAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        (RepositoryRecord header, _) = await ReadHeaderAsync(store, cancellationToken);
        return new RepositorySummary(header.Id, header.Encryption != RepositoryRecord.NoEncryption);
    }

    /// <summary>Writers whose lease has not ended, those of them that are gone too.</summary>
    public Task<IReadOnlyList<WriterInfo>> ListWritersAsync(CancellationToken cancellationToken) => WriterInfo.ListAsync(this, cancellationToken);

    /// <summary>All restore points that are not forgotten, by machine and sequence.</summary>
    /// <exception cref="IntegrityException">One is damaged; it is named.</exception>
    public async Task<IReadOnlyList<RestorePoint>> ListPointsAsync(CancellationToken cancellationToken)
    {
        PointListing listing = await ReadPointsAsync(cancellationToken);
        return listing.Damaged.Count == 0 ? listing.Points : throw listing.Damaged.First().Value;
    }

    /// <summary>As <see cref="ListPointsAsync"/>, but a damaged restore point keeps nobody from the others.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Those that can be read, and the others by id with what is wrong.</returns>
    public async Task<PointListing> ReadPointsAsync(CancellationToken cancellationToken)
    {
        HashSet<string> forgotten = await ListMarksAsync("forgotten/", cancellationToken);
        var points = new List<RestorePoint>();
        var damaged = new SortedDictionary<string, IntegrityException>(StringComparer.Ordinal);
        foreach (string id in (await ListMarksAsync("points/", cancellationToken)).Where(id => !forgotten.Contains(id)))
        {
            try
            {
                if (await ReadPointAsync(id, cancellationToken) is { } point)
                {
                    points.Add(point);
                }
            }
            catch (IntegrityException e)
            {
                damaged[id] = e;
            }
        }

        Sort(points);
        return new PointListing(points, damaged);
    }

    /// <summary>Finds a restore point by id, by a prefix of at least 4 digits, or as <c>latest</c>.</summary>
    /// <param name="wanted">Id, prefix, or <c>latest</c>.</param>
    /// <param name="machine">With <c>latest</c>: of this machine; null for whichever was made last.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="VProtectException">None fits, or several do.</exception>
    /// <exception cref="IntegrityException">The one that fits is damaged.</exception>
    public async Task<RestorePoint> FindPointAsync(string wanted, string? machine, CancellationToken cancellationToken)
    {
        PointListing listing = await ReadPointsAsync(cancellationToken);
        try
        {
            return Choose(listing.Points, wanted, machine, "restore point", "See 'vprotect list' for those there are; at least 4 digits are needed.");
        }
        catch (VProtectException e) when (e.Code == ErrorCode.RestorePointNotFound && listing.FindDamaged(wanted) is { } id)
        {
            throw listing.Damaged[id];
        }
    }

    /// <summary>Reads one restore point; null when there is none, or its key holds the mark of an aborted backup.</summary>
    internal async Task<RestorePoint?> ReadPointAsync(string id, CancellationToken cancellationToken)
    {
        string key = $"points/{id}";
        byte[]? bytes = await ReadSmallAsync(Store, key, cancellationToken);
        if (bytes is null)
        {
            return null;
        }

        if (Envelope.KindOf(bytes) == EnvelopeKind.AbortedPoint)
        {
            // Checked before it is believed: one flipped bit makes this kind of a restore point's, which a collector would then let go.
            Envelope.Open(bytes, EnvelopeKind.AbortedPoint, key, Uuid, Keys);
            return null;
        }

        PointRecord record = RecordJson.Read<PointRecord>(
            Envelope.Open(bytes, EnvelopeKind.RestorePoint, key, Uuid, Keys), key);
        return record.Id == id
            ? RestorePoint.FromRecord(record)
            : throw new IntegrityException($"The object '{key}' holds restore point {record.Id}: it was copied or moved here.");
    }

    /// <summary>Writes a restore point: the commit. False when its key is taken by the mark of an aborted backup.</summary>
    internal Task<bool> CommitPointAsync(PointRecord record, CancellationToken cancellationToken)
    {
        string key = $"points/{record.Id}";
        byte[] bytes = Envelope.Seal(EnvelopeKind.RestorePoint, key, RecordJson.Write(record), Uuid, Keys);
        return CreateAsync(key, bytes, cancellationToken);
    }

    /// <summary>
    /// Creates a small object whose bytes no other writer writes. When the store fails, or says that the key is taken, the object is
    /// read back: if it holds these bytes, the answer to a successful attempt was lost on its way, and all is well.
    /// </summary>
    /// <returns>False when another's bytes are there.</returns>
    /// <exception cref="VProtectException">The store failed, and it could not be seen whether the object was written.</exception>
    internal async Task<bool> CreateAsync(string key, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            return await Store.PutIfAbsentAsync(key, bytes, cancellationToken) || await HoldsAsync(key, bytes, cancellationToken);
        }
        catch (VProtectException)
        {
            if (await HoldsForSureAsync(key, bytes, cancellationToken))
            {
                return true;
            }

            throw;
        }
    }

    /// <summary>Whether an object is there and holds exactly these bytes.</summary>
    internal async Task<bool> HoldsAsync(string key, byte[] bytes, CancellationToken cancellationToken) =>
        await ReadSmallAsync(Store, key, cancellationToken) is { } found && found.AsSpan().SequenceEqual(bytes);

    private async Task<bool> HoldsForSureAsync(string key, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            return await HoldsAsync(key, bytes, cancellationToken);
        }
        catch (VProtectException)
        {
            return false;
        }
    }

    /// <summary>Creates a mark; false when its key is taken.</summary>
    internal async Task<bool> PutMarkAsync(EnvelopeKind kind, string key, string? reason, CancellationToken cancellationToken)
    {
        var mark = new MarkRecord(_time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture), reason);
        return await Store.PutIfAbsentAsync(key, Envelope.Clear(kind, RecordJson.Write(mark)), cancellationToken);
    }

    /// <summary>Names under a prefix that are an id, or an id and more after a dash; whatever else lies there is not ours.</summary>
    internal async Task<HashSet<string>> ListMarksAsync(string prefix, CancellationToken cancellationToken)
    {
        var marks = new HashSet<string>(StringComparer.Ordinal);
        await foreach (ObjectInfo item in Store.ListAsync(prefix, cancellationToken))
        {
            string name = item.Key[prefix.Length..];
            string id = name.Split('-', 2)[0];
            if (PackId.TryParse(id, out _))
            {
                marks.Add(name);
            }
        }

        return marks;
    }

    /// <summary>Reads and opens a clear envelope; null when there is none.</summary>
    internal async Task<T?> ReadRecordAsync<T>(EnvelopeKind kind, string key, CancellationToken cancellationToken)
        where T : class
    {
        byte[]? bytes = await ReadSmallAsync(Store, key, cancellationToken);
        return bytes is null ? null : RecordJson.Read<T>(Envelope.Open(bytes, kind, key, Uuid, Keys), key);
    }

    private static void Sort(List<RestorePoint> points) => points.Sort(static (a, b) =>
    {
        int byMachine = string.CompareOrdinal(a.Machine, b.Machine);
        int bySequence = a.Sequence.CompareTo(b.Sequence);
        return byMachine != 0 ? byMachine : bySequence != 0 ? bySequence : string.CompareOrdinal(a.Id, b.Id);
    });

    private RestorePoint Choose(IReadOnlyList<RestorePoint> points, string wanted, string? machine, string what, string whereToLook)
    {
        IEnumerable<RestorePoint> ofMachine = points.Where(point => machine is null || point.Machine == machine);
        List<RestorePoint> fitting = wanted == "latest"
            ? [.. ofMachine.OrderByDescending(point => machine is null ? point.CreatedAt.UtcTicks : point.Sequence).Take(1)]
            : [.. ofMachine.Where(point => wanted.Length >= 4 && point.Id.StartsWith(wanted, StringComparison.OrdinalIgnoreCase))];
        return fitting.Count == 1 ? fitting[0] : throw new VProtectException(
            ErrorCode.RestorePointNotFound, ErrorSide.Request,
            fitting.Count == 0 ? $"There is no {what} '{wanted}'{(machine is null ? "" : $" of machine '{machine}'")} in {Name}." : $"'{wanted}' fits {fitting.Count} restore points.",
            fitting.Count == 0 ? whereToLook : "Give more digits of the id.");
    }

    private static async Task<(RepositoryRecord Header, byte[] Body)> ReadHeaderAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        byte[]? bytes = await ReadSmallAsync(store, HeaderKey, cancellationToken);
        if (bytes is null)
        {
            throw new VProtectException(
                ErrorCode.RepositoryNotFound, ErrorSide.Repository, $"There is no repository at {store.Name}.",
                "Check the place, or make one with 'vprotect repo init'.");
        }

        try
        {
            byte[] headerBody = Envelope.Open(bytes, EnvelopeKind.Repository, HeaderKey, default, keys: null);
            RepositoryRecord header = RecordJson.Read<RepositoryRecord>(headerBody, HeaderKey);
            Validate(header);
            return (header, headerBody);
        }
        catch (IntegrityException e)
        {
            throw new VProtectException(
                ErrorCode.RepositoryInvalid, ErrorSide.Repository, $"What lies at {store.Name} cannot be opened as a repository: {e.Message}",
                "If it was one, restore its object 'repository' from a copy; all else may be intact.", inner: e);
        }
    }

    private static async Task<byte[]?> ReadSmallAsync(IObjectStore store, string key, CancellationToken cancellationToken)
    {
        // Nearly all of these objects are below 4 KiB: one read, and a second only for the others.
        byte[] buffer = new byte[4096];
        int read = await store.ReadAsync(key, 0, buffer, cancellationToken);
        if (read < buffer.Length)
        {
            return read < 0 ? null : buffer[..read];
        }

        long size = await store.GetSizeAsync(key, cancellationToken) ?? 0;
        if (size > Envelope.BodyBytesMax + Envelope.HeaderBytes + Envelope.HashBytes)
        {
            throw new IntegrityException($"The object '{key}' is too large to be one of ours: {size} bytes.");
        }

        buffer = new byte[size];
        read = await store.ReadAsync(key, 0, buffer, cancellationToken);
        return read < 0 ? null : buffer[..read];
    }

    private static void Validate(RepositoryRecord header)
    {
        try
        {
            new RepositoryOptions { ChunkBytes = header.ChunkBytes, PackBytes = header.PackBytes }.Validate();
        }
        catch (VProtectException e)
        {
            throw new IntegrityException($"Its header holds a value that cannot be: {e.Message}", inner: e);
        }

        string? unknown = (header.Features.Read.Count > 0 ? header.Features.Read[0] ?? "" : null)
            ?? (header.Encryption is RepositoryRecord.AesGcm or RepositoryRecord.NoEncryption ? null : header.Encryption);
        if (unknown is not null)
        {
            throw new VProtectException(
                ErrorCode.RepositoryTooNew, ErrorSide.Repository, $"The repository uses '{unknown}', which this program does not know.",
                "Use a newer vprotect with this repository.");
        }

        if (header.Id.Length != 32 || !UInt128.TryParse(header.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _))
        {
            throw new IntegrityException("Its header's id is not 32 hexadecimal digits.");
        }
    }

    private static string HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(bytes, hash);
        return Convert.ToHexStringLower(hash);
    }

    private static VProtectException AlreadyThere(IObjectStore store) => new(
        ErrorCode.RepositoryExists, ErrorSide.Repository, $"There is a repository at {store.Name} already.",
        "Use it as it is, or choose another place; vprotect never overwrites one.");

    private static VProtectException KeyRequired() => new(
        ErrorCode.KeyRequired, ErrorSide.Request, "The repository is encrypted and no pass phrase was given.",
        "Set VPROTECT_PASSPHRASE or name a key file with --key-file.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Packs.Dispose();
        await Store.DisposeAsync();
    }
}

/// <summary>What can be told of a repository without any secret.</summary>
/// <param name="Id">Its identity: 32 hexadecimal digits.</param>
/// <param name="IsEncrypted">Whether opening it needs a secret.</param>
public sealed record RepositorySummary(string Id, bool IsEncrypted);
