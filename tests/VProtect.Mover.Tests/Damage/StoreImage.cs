using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Tests.Damage;

/// <summary>All objects of a store at one instant.</summary>
internal sealed class StoreImage(IReadOnlyDictionary<string, byte[]> objects)
{
    public IReadOnlyDictionary<string, byte[]> Objects => objects;

    public static async Task<StoreImage> OfAsync(IObjectStore store)
    {
        var objects = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        await foreach (ObjectInfo item in store.ListAsync("", default))
        {
            byte[] content = new byte[item.SizeBytes];
            await store.ReadAsync(item.Key, 0, content, default);
            objects.Add(item.Key, content);
        }

        return new StoreImage(objects);
    }

    /// <summary>The same with one object more, other or, for null, less.</summary>
    public StoreImage With(string key, byte[]? content)
    {
        var changed = new SortedDictionary<string, byte[]>(objects.ToDictionary(), StringComparer.Ordinal);
        changed.Remove(key);
        if (content is not null)
        {
            changed.Add(key, content);
        }

        return new StoreImage(changed);
    }

    public async Task<MemoryStore> ToStoreAsync()
    {
        var store = new MemoryStore();
        foreach ((string key, byte[] content) in objects)
        {
            await store.PutIfAbsentAsync(key, content, default);
        }

        return store;
    }

    /// <summary>First part of a key: what kind of object it is.</summary>
    public static string FamilyOf(string key) => key.StartsWith("keys/", StringComparison.Ordinal)
        ? key[..key.IndexOf('/', "keys/".Length)]
        : key.Split('/')[0];
}
