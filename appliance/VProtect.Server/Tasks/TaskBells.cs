namespace VProtect.Server.Tasks;

/// <summary>What nodes wait for.</summary>
internal sealed class TaskBells
{
    /// <summary>Something may be begun: it was queued, or a limit is no longer reached.</summary>
    public Bell Work { get; } = new();

    /// <summary>Something that runs is to stop.</summary>
    public Bell Stops { get; } = new();
}
