using VProtect.Catalog;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Policies;

namespace VProtect.Server.Scheduling;

/// <summary>
/// Says which machines have become overdue, once for each; and after policies or schedules were changed, works out anew until when machines are up to
/// date. Only then are all machines looked at, page by page, and only what differs is written.
/// </summary>
internal sealed partial class RpoPass(CatalogDatabase catalog, PolicyBook book, RpoTerms terms, TimeProvider time, ILogger<RpoPass> logger) : IUpkeep
{
    private const int PageSize = 1000;
    private DateTimeOffset _since = time.GetUtcNow();
    private long _edition = -1;

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        long edition = book.Edition;
        if (edition != _edition)
        {
            await RenewAsync(cancellationToken);
            _edition = edition;
        }

        DateTimeOffset now = time.GetUtcNow();
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        foreach (Machine machine in await session.Machines.OverdueSinceAsync(_since, now, cancellationToken))
        {
            Log.Overdue(logger, machine.Name, machine.RpoDueAt!.Value, machine.LastSuccessAt);
        }

        _since = now;
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            IReadOnlyList<(Guid Machine, DateTimeOffset? DueAt)> changes;
            await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
            {
                ListPage<Machine> page = await session.Machines.ListAsync(new MachineFilter(), new ListQuery { Size = PageSize, After = next }, cancellationToken);
                IReadOnlyDictionary<Guid, DateTimeOffset?> due = await terms.DueAtAsync(
                    session, [.. page.Rows.Select(machine => (machine.Guid, machine.LastSuccessAt))], cancellationToken);
                changes = [.. page.Rows.Where(machine => machine.RpoDueAt != due[machine.Guid]).Select(machine => (machine.Guid, due[machine.Guid]))];
                next = page.Next;
            }

            await WriteAsync(changes, cancellationToken);
        }
        while (next is not null);
    }

    private async Task WriteAsync(IReadOnlyList<(Guid Machine, DateTimeOffset? DueAt)> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        foreach ((Guid machine, DateTimeOffset? dueAt) in changes)
        {
            if (await transaction.Machines.FindAsync(machine, cancellationToken) is not null)
            {
                await transaction.Machines.SetRpoDueAsync(machine, dueAt, cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(5326, LogLevel.Warning, "Machine {Machine} should have had a good backup by {DueAt}; the last one is of {LastSuccess}")]
        public static partial void Overdue(ILogger logger, string machine, DateTimeOffset dueAt, DateTimeOffset? lastSuccess);
    }
}
