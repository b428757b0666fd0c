using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using VProtect.Catalog;
using VProtect.Catalog.Views;
using VProtect.Server.Access;
using VProtect.Server.Api.Tasks;

namespace VProtect.Server.Api.Events;

/// <summary>
/// One client's stream. A slow client misses changes, never the server's memory: what it missed becomes one <c>reset</c>. A client that comes back with
/// <c>Last-Event-ID</c> gets a <c>reset</c> first, for nobody kept what it missed.
/// <code>
/// id: 7
/// event: tasks
/// data: {"guid": "…", "change": "updated", "task": {…}}
/// </code>
/// </summary>
internal sealed class EventStream(HttpContext context, CatalogDatabase catalog, TimeProvider time)
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly Caller _caller = Caller.Of(context);
    private readonly JsonSerializerOptions _json = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
    private long _id;
    private DateTimeOffset _until;

    /// <summary>Writes events until cancelled, or until the caller's session or token is over.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerable<CatalogChange> changes = catalog.Changes.Listen(listening.Token);
        await WriteAsync(": listening\n\n", cancellationToken);
        if (context.Request.Headers.ContainsKey("Last-Event-ID"))
        {
            await EventAsync("reset", "{}", cancellationToken);
        }

        await using IAsyncEnumerator<CatalogChange> each = changes.GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next = each.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (!await ThenAsync(next, cancellationToken) || EventNames.Unsettles(each.Current, _caller))
                {
                    return;
                }

                await TellAsync(each.Current, cancellationToken);
                next = each.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // Whatever ended the stream, nobody may be left reading when the listener is disposed of.
            await listening.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for the next change; the connection is kept alive meanwhile.</summary>
    /// <returns>Whether the caller may still hear it.</returns>
    private async Task<bool> ThenAsync(Task<bool> next, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await next.WaitAsync(KeepAlive, time, cancellationToken);
                return !await IsOverAsync(cancellationToken);
            }
            catch (TimeoutException)
            {
                if (await IsOverAsync(cancellationToken))
                {
                    return false;
                }

                await WriteAsync(": alive\n\n", cancellationToken);
            }
        }
    }

    /// <summary>Whether the caller's session or token has run out. It may have been prolonged: it is read again when what was last known of it says so.</summary>
    private async Task<bool> IsOverAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _until)
        {
            return false;
        }

        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        _until = _caller.Kind switch
        {
            CallerKind.Session => (await session.Sessions.FindAsync(_caller.ProofGuid, cancellationToken))?.ExpiresAt ?? DateTimeOffset.MinValue,
            CallerKind.Token when await session.ApiTokens.FindAsync(_caller.ProofGuid, cancellationToken) is { } token => token.ExpiresAt ?? DateTimeOffset.MaxValue,
            CallerKind.Token => DateTimeOffset.MinValue,
            _ => DateTimeOffset.MaxValue,
        };
        return time.GetUtcNow() >= _until;
    }

    private async Task TellAsync(CatalogChange change, CancellationToken cancellationToken)
    {
        if (change.Table.Length == 0)
        {
            await EventAsync("reset", "{}", cancellationToken);
            return;
        }

        if (EventNames.Of(change.Table, _caller) is not ({ } name, var view))
        {
            return;
        }

        // Of what is gone nobody can tell any more whose it was: who hears only of a part reads its list again.
        bool isSeen = view is null || (change.Kind != CatalogChangeKind.Deleted && await IsSeenAsync(change, view, cancellationToken));
        if (!isSeen && change.Guid != Guid.Empty && change.Kind != CatalogChangeKind.Deleted)
        {
            return;
        }

        if (change.Guid == Guid.Empty || !isSeen)
        {
            await EventAsync("reset", JsonSerializer.Serialize(new { table = name }, _json), cancellationToken);
            return;
        }

        TaskView? task = change is { Table: "tasks", Kind: not CatalogChangeKind.Deleted } ? await TaskAsync(change.Guid, cancellationToken) : null;
        var told = new Told(change.Guid, change.Kind switch
        {
            CatalogChangeKind.Inserted => "created",
            CatalogChangeKind.Deleted => "deleted",
            _ => "updated",
        }, task);
        await EventAsync(name, JsonSerializer.Serialize(told, _json), cancellationToken);
    }

    private async Task<bool> IsSeenAsync(CatalogChange change, CatalogView view, CancellationToken cancellationToken)
    {
        using IDisposable limit = CatalogView.Limit(view);
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);

        // Lines of a log are told by their task.
        return await session.SeesAsync(change.Table == "task_log" ? "tasks" : change.Table, change.Guid, cancellationToken);
    }

    private async Task<TaskView?> TaskAsync(Guid guid, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await session.Tasks.FindAsync(guid, cancellationToken) is { } task ? await TaskViews.OfAsync(session, task, cancellationToken) : null;
    }

    private Task EventAsync(string name, string data, CancellationToken cancellationToken) =>
        WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {++_id}\nevent: {name}\ndata: {data}\n\n"), cancellationToken);

    private async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    /// <param name="Guid">Object.</param>
    /// <param name="Change">What happened.</param>
    /// <param name="Task">The task, for events about tasks.</param>
    private sealed record Told(Guid Guid, string Change, TaskView? Task);
}
