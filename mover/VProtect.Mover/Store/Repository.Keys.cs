using System.Globalization;
using System.Security.Cryptography;
using VProtect.Abstractions;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store.Records;

namespace VProtect.Mover.Store;

/// <summary>Key slots and the ring (FORMAT.md sections 2.2 and 2.3).</summary>
public sealed partial class Repository
{
    private const string SlotPrefix = "keys/slots/";

    /// <summary>The secrets that open this repository: what is known of them without opening any.</summary>
    public async Task<IReadOnlyList<KeySlotInfo>> ListKeysAsync(CancellationToken cancellationToken) =>
        [.. (await ReadSlotsAsync(Store, Uuid, cancellationToken)).Select(slot => new KeySlotInfo(slot.Slot, slot.Kind, slot.CreatedAt, slot.Label))];

    /// <summary>Adds a secret that opens this repository.</summary>
    /// <param name="current">One that opens it now.</param>
    /// <param name="added">The new one.</param>
    /// <param name="label">A remark to tell it by, or null.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The new slot's id.</returns>
    public async Task<string> AddKeyAsync(Secret? current, Secret added, string? label, CancellationToken cancellationToken)
    {
        RequireEncryption();
        (byte[] rootKey, _, _) = await UnlockAsync(Store, Uuid, current, expectedHeaderHash: null, cancellationToken);
        KeySlot slot = KeySlot.Wrap(Uuid, rootKey, added, label, _time.GetUtcNow());
        CryptographicOperations.ZeroMemory(rootKey);
        await PutSlotAsync(Store, slot, cancellationToken);
        return slot.Slot;
    }

    /// <summary>Removes a slot by id or prefix. The last one cannot be removed.</summary>
    public async Task RemoveKeyAsync(string wanted, CancellationToken cancellationToken)
    {
        RequireEncryption();
        IReadOnlyList<KeySlot> slots = await ReadSlotsAsync(Store, Uuid, cancellationToken);
        List<KeySlot> fitting = [.. slots.Where(slot => wanted.Length >= 4 && slot.Slot.StartsWith(wanted, StringComparison.OrdinalIgnoreCase))];
        if (fitting.Count != 1)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{wanted}' names {fitting.Count} keys.", "See 'vprotect repo key list'; give at least 4 digits.");
        }

        if (slots.Count == 1)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, "This is the only key: without it the repository could never be opened again.",
                "Add another with 'vprotect repo key add' first.");
        }

        await Store.DeleteAsync(SlotPrefix + fitting[0].Slot, cancellationToken);
    }

    /// <summary>Adds a data key that seals everything written from now on. Nothing is rewritten.</summary>
    /// <returns>The new epoch.</returns>
    public async Task<uint> RotateDataKeyAsync(Secret? current, CancellationToken cancellationToken)
    {
        RequireEncryption();
        (byte[] rootKey, KeyRing ring, _) = await UnlockAsync(Store, Uuid, current, expectedHeaderHash: null, cancellationToken);
        KeyRing next = ring.WithNextDataKey();
        await PutRingAsync(Store, Uuid, rootKey, next, cancellationToken);
        CryptographicOperations.ZeroMemory(rootKey);
        return next.DataKeys.Max(key => key.Epoch);
    }

    private void RequireEncryption()
    {
        if (!IsEncrypted)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, "The repository is not encrypted: it has no keys.",
                "Encryption is chosen at 'vprotect repo init' and cannot be added later.");
        }
    }

    private static async Task PutSlotAsync(IObjectStore store, KeySlot slot, CancellationToken cancellationToken) =>
        await store.PutIfAbsentAsync(SlotPrefix + slot.Slot, Envelope.Clear(EnvelopeKind.KeySlot, RecordJson.Write(slot)), cancellationToken);

    private static async Task PutRingAsync(
        IObjectStore store, UInt128 uuid, byte[] rootKey, KeyRing ring, CancellationToken cancellationToken)
    {
        string key = $"{RingPrefixOf(uuid)}{ring.Generation.ToString("x8", CultureInfo.InvariantCulture)}";
        byte[] bytes = Envelope.SealByRootKey(EnvelopeKind.KeyRing, key, RecordJson.Write(ring), uuid, rootKey);
        if (!await store.PutIfAbsentAsync(key, bytes, cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, "Another process changed the keys at the same time.", "Run the command again.", RetryAdvice.Now);
        }
    }

    private static async Task<IReadOnlyList<KeySlot>> ReadSlotsAsync(IObjectStore store, UInt128 uuid, CancellationToken cancellationToken)
    {
        string id = uuid.ToString("x32", CultureInfo.InvariantCulture);
        var slots = new List<KeySlot>();
        await foreach (ObjectInfo item in store.ListAsync(SlotPrefix, cancellationToken))
        {
            byte[]? bytes = await ReadSmallAsync(store, item.Key, cancellationToken);
            KeySlot? slot = null;
            try
            {
                slot = bytes is null ? null : RecordJson.Read<KeySlot>(Envelope.Open(bytes, EnvelopeKind.KeySlot, item.Key, uuid, keys: null), item.Key);
            }
            catch (IntegrityException)
            {
                // A damaged slot does not keep the others from opening; 'repo check' reports it.
            }

            if (slot?.Repository == id && item.Key == SlotPrefix + slot.Slot)
            {
                slots.Add(slot);
            }
        }

        return [.. slots.OrderBy(slot => slot.CreatedAt, StringComparer.Ordinal)];
    }

    private static async Task<(byte[] RootKey, KeyRing Ring, KeySlot Slot)> UnlockAsync(
        IObjectStore store, UInt128 uuid, Secret? secret, string? expectedHeaderHash, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            throw KeyRequired();
        }

        IReadOnlyList<KeySlot> slots = await ReadSlotsAsync(store, uuid, cancellationToken);
        if (slots.Count == 0)
        {
            throw new IntegrityException("The repository has no usable key slot left: without a copy of the objects under 'keys/slots' it cannot be opened.", ErrorCode.ObjectMissing);
        }

        foreach (KeySlot slot in slots)
        {
            if (slot.TryUnwrap(uuid, secret) is { } rootKey)
            {
                return (rootKey, await ReadRingAsync(store, uuid, rootKey, expectedHeaderHash, cancellationToken), slot);
            }
        }

        throw new VProtectException(
            ErrorCode.WrongKey, ErrorSide.Request, $"The pass phrase or key opens none of the {slots.Count} key slots of {store.Name}.",
            "Check VPROTECT_PASSPHRASE or --key-file; the recovery key shown at 'repo init' also opens it. Without any of them the data is lost.");
    }

    /// <summary>With the repository's id, so that what an init left behind that never came to its end is not in the way.</summary>
    private static string RingPrefixOf(UInt128 uuid) => $"keys/ring/{uuid.ToString("x32", CultureInfo.InvariantCulture)}-";

    private static async Task<KeyRing> ReadRingAsync(
        IObjectStore store, UInt128 uuid, byte[] rootKey, string? expectedHeaderHash, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (ObjectInfo item in store.ListAsync("keys/ring/", cancellationToken))
        {
            if (item.Key.StartsWith(RingPrefixOf(uuid), StringComparison.Ordinal))
            {
                keys.Add(item.Key);
            }
        }

        IntegrityException? damage = null;
        foreach (string key in keys.OrderDescending(StringComparer.Ordinal))
        {
            try
            {
                byte[]? bytes = await ReadSmallAsync(store, key, cancellationToken);
                byte[]? body = bytes is null ? null : Envelope.TryOpenByRootKey(bytes, EnvelopeKind.KeyRing, key, uuid, rootKey);
                if (body is null)
                {
                    continue;
                }

                KeyRing ring = RecordJson.Read<KeyRing>(body, key);
                return expectedHeaderHash is null || ring.HeaderHash == expectedHeaderHash
                    ? ring
                    : throw new IntegrityException("The object 'repository' was changed after the repository was made.");
            }
            catch (IntegrityException e)
            {
                damage = e;
            }
        }

        throw damage ?? new IntegrityException("The repository's key ring is missing.", ErrorCode.ObjectMissing);
    }
}

/// <summary>What is known of a key slot without opening it.</summary>
/// <param name="Id">32 hexadecimal digits.</param>
/// <param name="Kind"><c>passphrase</c> or <c>recovery</c>.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="Label">A remark, or null.</param>
public sealed record KeySlotInfo(string Id, string Kind, string CreatedAt, string? Label);
