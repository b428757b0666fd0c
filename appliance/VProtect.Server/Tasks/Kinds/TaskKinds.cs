using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>All kinds of work that nodes are given, by the type of the task.</summary>
internal sealed class TaskKinds
{
    private readonly Dictionary<TaskType, TaskKind> _byType;

    public TaskKinds(IEnumerable<TaskKind> kinds)
    {
        TaskKind[] all = [.. kinds];
        Urgent = [.. all.Where(kind => kind.IsUrgent).SelectMany(kind => kind.Types)];
        _byType = all.SelectMany(kind => kind.Types.Select(type => (type, kind))).ToDictionary(pair => pair.type, pair => pair.kind);
    }

    /// <summary>Types that a node may be given.</summary>
    public IReadOnlyCollection<TaskType> Types => _byType.Keys;

    /// <summary>Those of them that are given beyond the limits of nodes.</summary>
    public IReadOnlyCollection<TaskType> Urgent { get; }

    /// <summary>The kind of a type; null for halves and for what is not served.</summary>
    public TaskKind? Find(TaskType type) => _byType.GetValueOrDefault(type);
}
