using VProtect.Catalog.Tasks;

namespace VProtect.Server.Tasks.Kinds;

/// <summary>All kinds of work that nodes are given, by the type of the task.</summary>
internal sealed class TaskKinds
{
    private readonly Dictionary<TaskType, TaskKind> _byType;

    public TaskKinds(IEnumerable<TaskKind> kinds)
    {
        _byType = kinds.SelectMany(kind => kind.Types.Select(type => (type, kind))).ToDictionary(pair => pair.type, pair => pair.kind);
    }

    /// <summary>Types that a node may be given.</summary>
    public IReadOnlyCollection<TaskType> Types => _byType.Keys;

    /// <summary>The kind of a type; null for halves and for what is not served.</summary>
    public TaskKind? Find(TaskType type) => _byType.GetValueOrDefault(type);
}
