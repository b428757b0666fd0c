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

    /// <summary>The id of the slot that opened this repository; null when it is not encrypted.</summary>
    public string? OpenedBySlot { get; private init; }

    /// <summary>The secrets that open this repository: what is known of them without opening any, oldest first.</summary>
    public async Task<IReadOnlyList<KeySlotInfo>> ListKeysAsync(CancellationToken cancellationToken) =>
        [.. (await ReadSlotsAsync(Store, Uuid, cancellationToken)).Slots.Select(slot => slot.ToInfo(slot.Slot == OpenedBySlot))];

    /// <summary>Adds a secret that opens this repository.</summary>
    /// <param name="current">One that opens it now.</param>
    /// <param name="added">The new one.</param>
    /// <param name="label">A remark to tell it by, readable by anybody; or null.</param>
    /// <param name="cancellationToken">Ends the attempt; the slot may then be there or not.</param>
    /// <returns>The new slot's id.</returns>
    /// <exception cref="VProtectException">The repository is not encrypted, or <paramref name="current"/> does not open it.</exception>
    public async Task<string> AddKeyAsync(Secret? current, Secret added, string? label, CancellationToken cancellationToken)
    {
        RequireEncryption();
        Unlocked unlocked = await UnlockAsync(Store, Uuid, current, expectedHeaderHash: null, cancellationToken);
        try
        {
            return await PutVerifiedSlotAsync(unlocked.RootKey, added, label, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(unlocked.RootKey);
        }
    }

    /// <summary>
    /// Replaces a secret: (1) the new slot, durable and tried; (2) only then the old one goes. Stopped anywhere, the repository opens with the
    /// old secret, the new one, or both.
    /// </summary>
    /// <param name="current">The secret to replace.</param>
    /// <param name="replacement">What opens the repository in its place.</param>
    /// <param name="label">A remark; null keeps that of the old slot.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The new slot's id and the old one's.</returns>
    /// <exception cref="VProtectException">The repository is not encrypted, or <paramref name="current"/> does not open it.</exception>
    public async Task<(string Added, string Removed)> ChangeKeyAsync(
        Secret? current, Secret replacement, string? label, CancellationToken cancellationToken)
    {
        RequireEncryption();
        Unlocked unlocked = await UnlockAsync(Store, Uuid, current, expectedHeaderHash: null, cancellationToken);
        try
        {
            string added = await PutVerifiedSlotAsync(unlocked.RootKey, replacement, label ?? unlocked.Slot.Label, cancellationToken);
            await Store.DeleteAsync(SlotPrefix + unlocked.Slot.Slot, cancellationToken);
            return (added, unlocked.Slot.Slot);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(unlocked.RootKey);
        }
    }

    /// <summary>Removes a slot by id, or by a prefix of at least 4 digits.</summary>
    /// <returns>What was removed.</returns>
    /// <exception cref="VProtectException">None or several fit, or it is the last one: without it nobody could open the repository.</exception>
    public async Task<KeySlotInfo> RemoveKeyAsync(string wanted, CancellationToken cancellationToken)
    {
        RequireEncryption();
        IReadOnlyList<KeySlot> slots = (await ReadSlotsAsync(Store, Uuid, cancellationToken)).Slots;
        List<KeySlot> fitting = [.. slots.Where(slot => wanted.Length >= 4 && slot.Slot.StartsWith(wanted, StringComparison.OrdinalIgnoreCase))];
        if (fitting.Count != 1)
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{wanted}' names {fitting.Count} keys.", "See 'vprotect repo key list'; give at least 4 digits.");
        }

        if (slots.Count == 1)
        {
            throw OnlyKey();
        }

        await Store.DeleteAsync(SlotPrefix + fitting[0].Slot, cancellationToken);

        // Two at once may each have seen the other's key: whoever finds none left puts his back.
        if ((await ReadSlotsAsync(Store, Uuid, cancellationToken)).Slots.Count == 0)
        {
            await PutSlotAsync(Store, fitting[0], CancellationToken.None);
            throw OnlyKey();
        }

        return fitting[0].ToInfo(fitting[0].Slot == OpenedBySlot);
    }

    /// <summary>
    /// Adds a data key that seals everything written from now on, by whoever opens the repository after this. Nothing is rewritten. The ring
    /// before stays beside the new one; earlier ones go once the new one has been read back.
    /// </summary>
    /// <returns>The new epoch.</returns>
    /// <exception cref="IntegrityException">The newest ring is damaged: another on top of it would hide that a data key is lost.</exception>
    public async Task<uint> RotateDataKeyAsync(Secret? current, CancellationToken cancellationToken)
    {
        RequireEncryption();
        Unlocked unlocked = await UnlockAsync(Store, Uuid, current, expectedHeaderHash: null, cancellationToken);
        try
        {
            IReadOnlyList<string> keys = await ListRingsAsync(Store, Uuid, cancellationToken);
            if (keys[0] != RingKeyOf(Uuid, unlocked.Ring.Generation))
            {
                throw new IntegrityException($"The newest key ring '{keys[0]}' does not open; the one before does. What was written since cannot be read.");
            }

            KeyRing next = unlocked.Ring.WithNextDataKey();
            await PutRingAsync(Store, Uuid, unlocked.RootKey, next, cancellationToken);
            KeyRing readBack = await ReadRingAsync(Store, Uuid, unlocked.RootKey, unlocked.Ring.HeaderHash, cancellationToken);
            if (readBack.Generation == next.Generation)
            {
                foreach (string older in keys.Skip(1))
                {
                    await Store.DeleteAsync(older, cancellationToken);
                }
            }

            return next.DataKeys.Max(key => key.Epoch);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(unlocked.RootKey);
        }
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

    private static VProtectException OnlyKey() => new(
        ErrorCode.InvalidArgument, ErrorSide.Request, "This is the only key: without it the repository could never be opened again.",
        "Add another with 'vprotect repo key add' first, or replace it with 'vprotect repo key change'.");

    private static async Task PutSlotAsync(IObjectStore store, KeySlot slot, CancellationToken cancellationToken) =>
        await store.PutIfAbsentAsync(SlotPrefix + slot.Slot, Envelope.Clear(EnvelopeKind.KeySlot, RecordJson.Write(slot)), cancellationToken);

    /// <summary>Writes a slot and opens what was written: the old key may go after this.</summary>
    private async Task<string> PutVerifiedSlotAsync(byte[] rootKey, Secret secret, string? label, CancellationToken cancellationToken)
    {
        KeySlot slot = KeySlot.Wrap(Uuid, rootKey, secret, label, _time.GetUtcNow());
        await PutSlotAsync(Store, slot, cancellationToken);
        KeySlot? written = await ReadRecordAsync<KeySlot>(EnvelopeKind.KeySlot, SlotPrefix + slot.Slot, cancellationToken);
        return written?.TryUnwrap(Uuid, secret) is { } same && CryptographicOperations.FixedTimeEquals(same, rootKey)
            ? slot.Slot
            : throw new IntegrityException($"The new key slot '{slot.Slot}' does not open after it was written. The keys before are as they were.");
    }

    private static async Task PutRingAsync(
        IObjectStore store, UInt128 uuid, byte[] rootKey, KeyRing ring, CancellationToken cancellationToken)
    {
        string key = RingKeyOf(uuid, ring.Generation);
        byte[] bytes = Envelope.SealByRootKey(EnvelopeKind.KeyRing, key, RecordJson.Write(ring), uuid, rootKey);
        if (!await store.PutIfAbsentAsync(key, bytes, cancellationToken))
        {
            throw new VProtectException(
                ErrorCode.StoreFailed, ErrorSide.Repository, "Another process changed the keys at the same time.", "Run the command again.", RetryAdvice.Now);
        }
    }

    private static async Task<(IReadOnlyList<KeySlot> Slots, IReadOnlyList<string> Damaged)> ReadSlotsAsync(
        IObjectStore store, UInt128 uuid, CancellationToken cancellationToken)
    {
        string id = uuid.ToString("x32", CultureInfo.InvariantCulture);
        var slots = new List<KeySlot>();
        var damaged = new List<string>();
        await foreach (ObjectInfo item in store.ListAsync(SlotPrefix, cancellationToken))
        {
            byte[]? bytes = await ReadSmallAsync(store, item.Key, cancellationToken);
            try
            {
                KeySlot? slot = bytes is null ? null : RecordJson.Read<KeySlot>(Envelope.Open(bytes, EnvelopeKind.KeySlot, item.Key, uuid, keys: null), item.Key);
                if (slot?.Repository == id && item.Key == SlotPrefix + slot.Slot)
                {
                    slots.Add(slot);
                }
            }
            catch (IntegrityException)
            {
                // It does not keep the others from opening; named when none does, and by 'repo check'.
                damaged.Add(item.Key);
            }
        }

        return ([.. slots.OrderBy(slot => slot.CreatedAt, StringComparer.Ordinal)], damaged);
    }

    private static async Task<Unlocked> UnlockAsync(
        IObjectStore store, UInt128 uuid, Secret? secret, string? expectedHeaderHash, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            throw KeyRequired();
        }

        (IReadOnlyList<KeySlot> slots, IReadOnlyList<string> damaged) = await ReadSlotsAsync(store, uuid, cancellationToken);
        foreach (KeySlot slot in slots)
        {
            if (slot.TryUnwrap(uuid, secret) is { } rootKey)
            {
                return new Unlocked(rootKey, await ReadRingAsync(store, uuid, rootKey, expectedHeaderHash, cancellationToken), slot);
            }
        }

        throw KeySlotErrors.NoneOpens(store.Name, slots, damaged);
    }

    /// <summary>With the repository's id, so that what an init left behind that never came to its end is not in the way.</summary>
    private static string RingPrefixOf(UInt128 uuid) => $"keys/ring/{uuid.ToString("x32", CultureInfo.InvariantCulture)}-";

    private static string RingKeyOf(UInt128 uuid, int generation) =>
        $"{RingPrefixOf(uuid)}{generation.ToString("x8", CultureInfo.InvariantCulture)}";

    /// <summary>Newest first.</summary>
    private static async Task<IReadOnlyList<string>> ListRingsAsync(IObjectStore store, UInt128 uuid, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (ObjectInfo item in store.ListAsync("keys/ring/", cancellationToken))
        {
            if (item.Key.StartsWith(RingPrefixOf(uuid), StringComparison.Ordinal))
            {
                keys.Add(item.Key);
            }
        }

        return [.. keys.OrderDescending(StringComparer.Ordinal)];
    }

    private static async Task<KeyRing> ReadRingAsync(
        IObjectStore store, UInt128 uuid, byte[] rootKey, string? expectedHeaderHash, CancellationToken cancellationToken)
    {
        IntegrityException? damage = null;
        foreach (string key in await ListRingsAsync(store, uuid, cancellationToken))
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

        throw damage is null ? KeySlotErrors.RingMissing(store.Name) : KeySlotErrors.RingDamaged(store.Name, damage);
    }

    private sealed record Unlocked(byte[] RootKey, KeyRing Ring, KeySlot Slot);
}

/// <summary>What is known of a key slot without opening it.</summary>
/// <param name="Id">32 hexadecimal digits.</param>
/// <param name="Kind"><c>passphrase</c> or <c>recovery</c>.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="Label">A remark, or null.</param>
/// <param name="OpenedThis">Whether it is the one that opened this repository object.</param>
public sealed record KeySlotInfo(string Id, string Kind, string CreatedAt, string? Label, bool OpenedThis);
