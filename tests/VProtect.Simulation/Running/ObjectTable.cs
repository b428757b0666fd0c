using System.Globalization;
using VProtect.Abstractions;

namespace VProtect.Simulation.Running;

/// <summary>
/// The objects of the simulated store, as they are. It knows the generation of collection in which each came and went, which is how
/// far a listing may lag (FORMAT.md section 7).
/// </summary>
internal sealed class ObjectTable
{
    /// <summary>R of FORMAT.md section 7.</summary>
    public const int LagMax = 16;

    private readonly Dictionary<string, StoredObject> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<StoredObject>> _folders = new(StringComparer.Ordinal);

    /// <summary>The highest generation of collection ever created.</summary>
    public long Highest { get; private set; }

    /// <summary>Told after an object was created or removed.</summary>
    public Action<string>? Created { get; set; }

    public Action<string>? Removed { get; set; }

    public int Count => _objects.Count;

    public byte[]? Find(string key) => _objects.GetValueOrDefault(key)?.Content;

    public bool TryCreate(string key, byte[] content)
    {
        if (_objects.ContainsKey(key))
        {
            return false;
        }

        var item = new StoredObject(key, content, Highest);
        _objects.Add(key, item);
        FolderOf(key).Add(item);
        if (key.StartsWith("gc/", StringComparison.Ordinal))
        {
            Highest = Math.Max(Highest, long.Parse(key.AsSpan(3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }

        Created?.Invoke(key);
        return true;
    }

    public bool Remove(string key)
    {
        if (!_objects.Remove(key, out StoredObject? item))
        {
            return false;
        }

        item.Died = Highest;
        Removed?.Invoke(key);
        return true;
    }

    /// <summary>Keys that a listing shows, in the order of their creation.</summary>
    /// <param name="prefix">Of keys.</param>
    /// <param name="lag">By how many generations it lags; 0 shows what there is.</param>
    /// <param name="random">Decides for each object that is in doubt.</param>
    public List<ObjectInfo> List(string prefix, int lag, Random random)
    {
        var shown = new List<ObjectInfo>();
        List<StoredObject> folder = FolderOf(prefix);
        folder.RemoveAll(item => item.Died is { } died && Highest - died > LagMax);
        foreach (StoredObject item in folder)
        {
            bool isInDoubt = Highest - (item.Died ?? item.Born) < lag;
            if (item.Key.StartsWith(prefix, StringComparison.Ordinal) && (isInDoubt ? random.Next(2) == 0 : item.Died is null))
            {
                shown.Add(new ObjectInfo(item.Key, item.Content.Length));
            }
        }

        return shown;
    }

    private List<StoredObject> FolderOf(string key)
    {
        string name = key.Split('/')[0];
        if (!_folders.TryGetValue(name, out List<StoredObject>? folder))
        {
            _folders.Add(name, folder = []);
        }

        return folder;
    }

    private sealed class StoredObject(string key, byte[] content, long born)
    {
        public string Key => key;

        public byte[] Content => content;

        public long Born => born;

        public long? Died { get; set; }
    }
}
