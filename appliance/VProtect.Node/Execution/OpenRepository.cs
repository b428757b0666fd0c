using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Seal.Keys;
using VProtect.Mover.Store;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>Opens a repository, or makes one where none is, and tells what it holds.</summary>
internal static class OpenRepository
{
    /// <summary>What may lie in a directory that is to become a repository: of one that was being made when the node died, and of file systems.</summary>
    private static readonly HashSet<string> Leftovers = new(StringComparer.Ordinal) { "keys", ".tmp", ".reserve", "lost+found" };

    public static async Task<WorkResult> RunAsync(OpenRepositoryWork work, WorkContext context, CancellationToken cancellationToken)
    {
        (bool wasCreated, string? recoveryKey) = work.CreatesIfMissing ? await CreateAsync(work.Repository, context, cancellationToken) : (false, null);
        return await context.UseAsync(
            work.Repository,
            shared => DescribeAsync(shared.Repository, wasCreated, recoveryKey, context, cancellationToken),
            cancellationToken);
    }

    private static async Task<(bool WasCreated, string? RecoveryKey)> CreateAsync(
        RepositoryReference reference, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("looking for a repository");
        await using IObjectStore store = RepositoryPlace.Open(reference, create: true);
        try
        {
            await Repository.DescribeAsync(store, cancellationToken);
            return (false, null);
        }
        catch (VProtectException e) when (e.Code == ErrorCode.RepositoryNotFound)
        {
            RefuseIfTaken(reference.Location);
        }

        context.Enter("making the repository");
        var options = new RepositoryOptions { Encrypt = reference.Secret is not null };
        if (reference.Secret is null)
        {
            await Repository.InitAsync(store, options, [], context.Time, cancellationToken);
            return (true, null);
        }

        (Secret recovery, string text) = Secret.NewRecoveryKey();
        await Repository.InitAsync(store, options, [Secret.FromText(reference.Secret), recovery], context.Time, cancellationToken);
        return (true, text);
    }

    private static void RefuseIfTaken(string location)
    {
        string? directory = RepositoryPlace.DirectoryOf(location);
        string? other = Directory.Exists(directory)
            ? Directory.EnumerateFileSystemEntries(directory).Select(entry => Path.GetFileName(entry)).FirstOrDefault(name => !Leftovers.Contains(name))
            : null;
        if (other is not null)
        {
            throw new VProtectException(
                ErrorCode.RepositoryInvalid, ErrorSide.Repository, $"'{directory}' is no repository and not empty: '{other}' lies there.",
                "Name an empty or new directory, or one that holds a repository.");
        }
    }

    private static async Task<WorkResult> DescribeAsync(
        Repository repository, bool wasCreated, string? recoveryKey, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("reading restore points");
        return await RepositoryDescription.ReadAsync(repository, context.Warn, cancellationToken) with { WasCreated = wasCreated, RecoveryKey = recoveryKey };
    }
}
