namespace VProtect.Connectors.Kvm;

/// <summary>What the administrator should know: grows from any thread, is read at any time.</summary>
internal sealed class WarningList
{
    private readonly Lock _gate = new();
    private volatile string[] _items = [];

    internal IReadOnlyList<string> Items => _items;

    internal void Add(string warning)
    {
        lock (_gate)
        {
            _items = [.. _items, warning];
        }
    }
}
