using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover;
using VProtect.Mover.Store;
using VProtect.Node.Channel;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>What one order's work finds around it.</summary>
internal sealed class WorkContext(Workshop workshop, TaskOrder order, TaskJournal journal)
{
    public NodeOptions Options => workshop.Options;

    public TimeProvider Time => workshop.Time;

    /// <summary>How fast all backups together read.</summary>
    public ReadRate BackupRate => workshop.BackupRate;

    /// <summary>Directories that files may be restored into or below; empty: any.</summary>
    public IReadOnlyList<string> RestorePaths => order.Settings?.RestorePaths ?? [];

    /// <summary>Directory for what is only for this run; null for that of temporary files.</summary>
    public string? TemporaryPath => workshop.Repositories.TemporaryPath;

    /// <summary>Held by the one copy of the appliance that is being made.</summary>
    public SemaphoreSlim Copying => workshop.Copying;

    public TaskJournal Journal => journal;

    public string TaskGuid => order.TaskGuid;

    /// <summary>What an earlier attempt reached.</summary>
    public string? CheckpointOf(string stage) => order.Checkpoints.GetValueOrDefault(stage);

    /// <summary>Enters a stage.</summary>
    public void Enter(string stage) => journal.Enter(stage);

    /// <summary>A line of the task's log.</summary>
    public void Note(string text) => journal.Write(LineLevel.Information, text);

    /// <summary>A line that the administrator should see.</summary>
    public void Warn(string text) => journal.Write(LineLevel.Warning, text);

    /// <summary>Opens a connection to a platform. The caller disposes it.</summary>
    public IConnector Connect(PlatformReference platform) => workshop.Connect(platform);

    /// <summary>Does something with a repository that other orders may use at the same time.</summary>
    public Task<T> UseAsync<T>(RepositoryReference repository, Func<SharedRepository, Task<T>> use, CancellationToken cancellationToken)
    {
        Enter("opening the repository");
        return workshop.Repositories.UseAsync(repository, Warn, use, cancellationToken);
    }

    /// <summary>Teaches the index what the repository holds, for whoever does not do so itself; damaged packs are warned of.</summary>
    public async Task SynchronizeAsync(SharedRepository shared, CancellationToken cancellationToken)
    {
        Enter("learning what the repository holds");
        IndexSyncResult result = await IndexSync.SynchronizeAsync(shared.Repository, shared.Index.Index, progress: null, cancellationToken);
        foreach (Abstractions.IntegrityException damage in result.Damaged)
        {
            Warn(damage.Message);
        }

        if (result.Added > 0)
        {
            await shared.CheckpointAsync(Warn);
        }
    }
}
