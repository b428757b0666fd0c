using System.Collections;
using System.Diagnostics.CodeAnalysis;
using VProtect.Abstractions;

namespace VProtect.ChunkIndex.Ledger;

/// <summary>
/// Restore points by id, which is 32 hexadecimal digits: kept as 16 bytes, and made text for whoever enumerates. About 50 bytes a
/// point, 24 for its list, and 32 for each root.
/// </summary>
internal sealed class PointTable : IReadOnlyDictionary<string, IReadOnlyList<ChunkId>>
{
    private readonly Dictionary<PackId, ChunkId[]> _roots = [];

    public int Count => _roots.Count;

    public IEnumerable<string> Keys => _roots.Keys.Select(static id => id.ToString());

    public IEnumerable<IReadOnlyList<ChunkId>> Values => _roots.Values;

    /// <summary>By the 16 bytes of the id.</summary>
    public IReadOnlyDictionary<PackId, ChunkId[]> ById => _roots;

    public IReadOnlyList<ChunkId> this[string key] => _roots[IdOf(key)];

    /// <exception cref="ArgumentException">The text is not 32 lower-case hexadecimal digits.</exception>
    public static PackId IdOf(string text) => TryIdOf(text, out PackId id)
        ? id
        : throw new ArgumentException($"'{text}' is no id of a restore point: 32 lower-case hexadecimal digits.", nameof(text));

    public void Set(PackId id, ChunkId[] roots) => _roots[id] = roots;

    public bool Remove(PackId id) => _roots.Remove(id);

    public void Clear() => _roots.Clear();

    public bool ContainsKey(string key) => TryIdOf(key, out PackId id) && _roots.ContainsKey(id);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out IReadOnlyList<ChunkId> value)
    {
        value = TryIdOf(key, out PackId id) && _roots.TryGetValue(id, out ChunkId[]? roots) ? roots : null;
        return value is not null;
    }

    public IEnumerator<KeyValuePair<string, IReadOnlyList<ChunkId>>> GetEnumerator()
    {
        foreach ((PackId id, ChunkId[] roots) in _roots)
        {
            yield return new(id.ToString(), roots);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool TryIdOf(string text, out PackId id) =>
        PackId.TryParse(text, out id) && !text.AsSpan().ContainsAnyInRange('A', 'F');
}
