using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Views;

namespace VProtect.Server.Federation;

/// <summary>What joined appliances call at the port for nodes: what they have, users' requests for them, and the answers.</summary>
internal sealed partial class ApplianceCalls(CatalogDatabase catalog, JoinedAppliances appliances, ApplianceQuota quota, TimeProvider time, ILogger<ApplianceCalls> logger)
{
    private const int HeadBytesMax = 64 << 10;

    /// <summary>Headers of an answer that are passed on. What tells browsers what they may do is ours to say: users see the answer as this server's.</summary>
    private static readonly HashSet<string> Passed = new(
        ["Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag", "Location", "Retry-After", "X-More", "X-Next-Cursor", "X-Total-Count"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What an answer may be: data, nothing that a browser runs.</summary>
    private static readonly HashSet<string> MediaTypes = new(
        ["application/json", "application/octet-stream", "application/problem+json", "application/zip", "application/zstd"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a node is an appliance, which does no work for others.</summary>
    public async Task<bool> IsApplianceAsync(Guid node, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return await session.Appliances.FindAsync(node, cancellationToken) is not null;
    }

    /// <summary>Takes a batch of an appliance's changes.</summary>
    /// <exception cref="VProtectException"><see cref="ErrorCode.ApplianceFull"/>: it has as much here as it may.</exception>
    public async Task<FeedAnswer> FeedAsync(Guid appliance, FeedBatch batch, CancellationToken cancellationToken)
    {
        bool taken = false;
        try
        {
            await quota.TakeAsync(
                appliance, batch,
                async () =>
                {
                    // To its end, also when the appliance hangs up: what takes longer than it waits, as forgetting a large mirror does, would else never be done.
                    (taken, bool began) = await TryApplyAsync(appliance, batch, CancellationToken.None);
                    return (taken, began);
                }, cancellationToken);
            return new FeedAnswer(BeginsAnew: !taken);
        }
        catch (VProtectException failure) when (failure.Code is ErrorCode.CatalogInUse or ErrorCode.CatalogInvalid or ErrorCode.CatalogDuplicate)
        {
            // What it tells does not fit what it told: from the beginning, then.
            Log.Unfit(logger, appliance, failure.Message);
            await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
            JoinedAppliance row = await transaction.Appliances.GetAsync(appliance, cancellationToken);
            await transaction.Appliances.UpdateAsync(row with { Feed = null }, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new FeedAnswer(BeginsAnew: true);
        }
    }

    /// <summary>Removes an appliance: what it told is forgotten and its certificate is void. What it has stays with it.</summary>
    /// <param name="appliance">Which.</param>
    /// <param name="version">Version that it must have; null any.</param>
    /// <param name="audit">Notes it, in the same transaction.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RemoveAsync(Guid appliance, long? version, Func<CatalogTransaction, Node, Task> audit, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Node node = await transaction.Nodes.GetAsync(appliance, cancellationToken);
        await transaction.Mirror.ClearAsync(appliance, cancellationToken);
        await transaction.Appliances.DeleteAsync(appliance, version, cancellationToken);
        await transaction.Nodes.DeleteAsync(appliance, version: null, cancellationToken);
        await audit(transaction, node);
        await transaction.CommitAsync(cancellationToken);
        appliances.Forget(appliance);
        quota.Forget(appliance);
    }

    /// <summary>An appliance leaves.</summary>
    public Task LeaveAsync(Guid appliance, string? address, CancellationToken cancellationToken) => RemoveAsync(
        appliance, version: null,
        (transaction, node) => transaction.Audit.AppendAsync(
            new AuditEntry
            {
                At = time.GetUtcNow(),
                Actor = $"appliance {node.Name}",
                Address = address,
                Action = "appliances.leave",
                ObjectKind = "appliances",
                ObjectGuid = node.Guid,
                ObjectName = node.Name,
                Outcome = AuditOutcome.Success,
            }, cancellationToken),
        cancellationToken);

    /// <summary>An answer comes: head, line feed, body. It is passed on as it comes, as fast as the user takes it.</summary>
    public async Task AnswerAsync(Guid appliance, HttpContext from)
    {
        if (from.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        ForwardedHead head = await HeadAsync(from.Request.BodyReader, from.RequestAborted);
        if (appliances.Begin(appliance, head.Id) is not { } call)
        {
            throw new VProtectException(ErrorCode.ServerUnreachable, ErrorSide.Request, "Nobody waits for this answer any more.", "Nothing is to be done.");
        }

        HttpContext user = call.Context;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(from.RequestAborted, user.RequestAborted);
            if (head.Status is not ((>= 200 and < 300) or 304 or (>= 400 and < 600)))
            {
                throw new InvalidDataException($"An answer of status {head.Status} is none.");
            }

            user.Response.StatusCode = head.Status;
            foreach ((string name, string value) in head.Headers.Where(header => Passed.Contains(header.Key)))
            {
                user.Response.Headers[name] = value;
            }

            string? type = head.Headers.FirstOrDefault(header => string.Equals(header.Key, "Content-Type", StringComparison.OrdinalIgnoreCase)).Value;
            user.Response.ContentType = type is null || MediaTypes.Contains(type.Split(';')[0].Trim()) ? type : "application/octet-stream";

            await from.Request.BodyReader.CopyToAsync(user.Response.Body, either.Token);
        }
        catch
        {
            // Half an answer is none: the user's connection ends as the appliance's did.
            user.Abort();
            throw;
        }
        finally
        {
            call.End();
        }
    }

    private async Task<(bool Taken, bool Began)> TryApplyAsync(Guid appliance, FeedBatch batch, CancellationToken cancellationToken)
    {
        using IDisposable others = CatalogView.WithOthers();
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        JoinedAppliance row = await transaction.Appliances.GetAsync(appliance, cancellationToken);
        bool begins = batch.Number == 1 && row.Feed != batch.Feed;
        if (begins)
        {
            await transaction.Mirror.ClearAsync(appliance, cancellationToken);
            row = row with { Feed = batch.Feed, Skipped = 0 };
        }
        else if (row.Feed != batch.Feed || (batch.Number != row.Batch && batch.Number != row.Batch + 1))
        {
            return (Taken: false, Began: false);
        }

        ILookup<string?, FeedRow> told = batch.Rows.ToLookup(FeedShapes.UnfitOf);
        List<FeedRow> rows = [.. told[null]];
        int skipped = batch.Rows.Count - rows.Count + await transaction.Mirror.ApplyAsync(appliance, rows, cancellationToken);
        if (skipped > 0)
        {
            Log.Skipped(logger, skipped, appliance, told.FirstOrDefault(one => one.Key is not null)?.Key ?? "their guids are another's, or what they need is not there");
        }

        await transaction.Appliances.UpdateAsync(row with { Batch = batch.Number, Skipped = row.Skipped + skipped, SyncedAt = time.GetUtcNow() }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (Taken: true, begins);
    }

    private static async Task<ForwardedHead> HeadAsync(PipeReader body, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                ForwardedHead? head = JsonSerializer.Deserialize(read.Buffer.Slice(0, end).ToArray(), NodeWireJson.Default.ForwardedHead);
                body.AdvanceTo(read.Buffer.GetPosition(1, end));
                return head ?? throw new JsonException("It is null.");
            }

            if (read.IsCompleted || read.Buffer.Length > HeadBytesMax)
            {
                throw new JsonException("An answer begins with a line.");
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5386, LogLevel.Warning, "What the appliance {Appliance} tells does not fit what it told, and begins anew: {Reason}")]
        public static partial void Unfit(ILogger logger, Guid appliance, string reason);

        [LoggerMessage(5387, LogLevel.Warning, "{Count} rows of the appliance {Appliance} are not shown; {Reason}")]
        public static partial void Skipped(ILogger logger, int count, Guid appliance, string reason);
    }
}
