namespace VProtect.Node.Execution;

/// <summary>What the administrator should know of one order: told in its log at once, and kept for its result. Safe from several threads.</summary>
internal sealed class Warnings(WorkContext context)
{
    private readonly Lock _lock = new();
    private readonly List<string> _all = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    public void Add(string warning)
    {
        lock (_lock)
        {
            _all.Add(context.Journal.Clean(warning));
        }

        context.Warn(warning);
    }

    /// <summary>Those of a list that grows, which have not been taken before.</summary>
    public void Take(IReadOnlyList<string> growing)
    {
        foreach (string warning in growing.Where(warning => !All.Contains(context.Journal.Clean(warning), StringComparer.Ordinal)).ToList())
        {
            Add(warning);
        }
    }
}
