using System.Runtime.CompilerServices;
using VProtect.Abstractions;

namespace VProtect.Testing;

/// <summary>A store whose listings stand still from when a test says so: neither what was created since nor what was removed is seen. Reads by key are true.</summary>
public sealed class LaggingStore(IObjectStore inner) : StoreDecorator(inner)
{
    private readonly Dictionary<string, List<ObjectInfo>> _frozen = [];

    public override StoreProperties Properties => Inner.Properties with { ListIsConsistent = false };

    /// <summary>From now on listings of these prefixes show what there is now.</summary>
    public async Task FreezeAsync(params string[] prefixes)
    {
        foreach (string prefix in prefixes)
        {
            _frozen[prefix] = await Inner.ListAsync(prefix, default).ToListAsync();
        }
    }

    /// <summary>Listings are true again.</summary>
    public void Thaw() => _frozen.Clear();

    public override async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<ObjectInfo> shown = _frozen.TryGetValue(prefix, out List<ObjectInfo>? frozen)
            ? frozen
            : await Inner.ListAsync(prefix, cancellationToken).ToListAsync(cancellationToken);
        foreach (ObjectInfo item in shown)
        {
            yield return item;
        }
    }
}
