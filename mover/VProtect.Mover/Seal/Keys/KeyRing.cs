using System.Security.Cryptography;

namespace VProtect.Mover.Seal.Keys;

/// <summary>The body of a ring object (FORMAT.md section 2.3). Byte strings in hexadecimal.</summary>
internal sealed record KeyRing(
    int Generation, string HeaderHash, string IdKey, string NodeIdKey, string MacKey, IReadOnlyList<KeyRingDataKey> DataKeys)
{
    /// <summary>A new ring with one data key.</summary>
    public static KeyRing NewRandom(string headerHash) =>
        new(1, headerHash, RandomKey(), RandomKey(), RandomKey(), [new KeyRingDataKey(1, RandomKey())]);

    /// <summary>The ring that follows: one more data key, which seals all that is written from now on.</summary>
    public KeyRing WithNextDataKey() => this with
    {
        Generation = Generation + 1,
        DataKeys = [.. DataKeys, new KeyRingDataKey(DataKeys.Max(key => key.Epoch) + 1, RandomKey())],
    };

    private static string RandomKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}

/// <summary>A data key and the epoch it seals.</summary>
internal sealed record KeyRingDataKey(uint Epoch, string Key);
