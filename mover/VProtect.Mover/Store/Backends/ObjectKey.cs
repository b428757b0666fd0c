using System.Buffers;

namespace VProtect.Mover.Store.Backends;

/// <summary>
/// The rule for keys that <see cref="VProtect.Abstractions.IObjectStore"/> states. A key that breaks it is our bug and is
/// refused before it can name anything outside of the store.
/// </summary>
internal static class ObjectKey
{
    private const int LengthMax = 200;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-_/");

    internal static void Validate(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > LengthMax || key.AsSpan().ContainsAnyExcept(Allowed) || !SegmentsAreValid(key))
        {
            throw new ArgumentException($"'{key}' is not a valid object key.", nameof(key));
        }
    }

    /// <summary>A prefix is empty or a key followed by a slash.</summary>
    internal static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0)
        {
            if (prefix[^1] != '/')
            {
                throw new ArgumentException($"'{prefix}' is not a valid prefix: it must end with '/'.", nameof(prefix));
            }

            Validate(prefix[..^1]);
        }
    }

    // No segment is empty or begins with a dot: that excludes absolute paths, '.', '..' and names a backend keeps for itself.
    private static bool SegmentsAreValid(ReadOnlySpan<char> key)
    {
        foreach (Range range in key.Split('/'))
        {
            ReadOnlySpan<char> segment = key[range];
            if (segment.IsEmpty || segment[0] == '.')
            {
                return false;
            }
        }

        return true;
    }
}
