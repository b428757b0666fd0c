using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Server.Federation;
using VProtect.Server.Tasks.Channel;

namespace VProtect.Server.Nodes;

/// <summary>Answers what nodes of other machines ask (<see cref="NodeWire"/>). Nothing of the users' API is reached from here.</summary>
internal sealed partial class NodeCalls(NodeAuthority authority, NodeEnrolment enrolment, TaskChannel channel, ApplianceCalls appliances, JoinedAppliances joined, ILogger<NodeCalls> logger)
{
    private static readonly NodeWireJson Json = NodeWireJson.Default;

    /// <summary>The order that each node was given last, and by which question, until it asks the next one.</summary>
    private readonly ConcurrentDictionary<Guid, (string Question, TaskOrder Order)> _given = new();

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // It hung up, or the line was cut: it asks again.
        }
        catch (VProtectException failure)
        {
            await RefuseAsync(context, failure);
        }
        catch (Exception failure) when (failure is JsonException or BadHttpRequestException or InvalidOperationException && !context.Response.HasStarted)
        {
            await RefuseAsync(context, new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"The question is not understood: {failure.Message}", "Use the same version on server and node.", RetryAdvice.Later));
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, context.Request.Path);
            await RefuseAsync(context, new VProtectException(
                ErrorCode.Unknown, ErrorSide.Catalog, "The server failed in a way that is not foreseen.", "Its log has the whole story: please report it.", RetryAdvice.Later));
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        CancellationToken gone = context.RequestAborted;
        string? address = context.Connection.RemoteIpAddress?.ToString();
        string path = context.Request.Path.Value ?? "";
        string call = HttpMethods.IsPost(context.Request.Method) && path.StartsWith(NodeWire.Root, StringComparison.Ordinal) ? path[NodeWire.Root.Length..] : "";
        switch (call)
        {
            case "authority":
                await WriteAsync(context, new AuthorityAnswer(authority.Pem), Json.AuthorityAnswer);
                return;
            case "enrol":
                await WriteAsync(context, await enrolment.EnrolAsync(await ReadAsync(context, Json.EnrolRequest), address, gone), Json.EnrolAnswer);
                return;
        }

        Guid node = (await enrolment.CallerAsync(context.Connection.ClientCertificate, address, gone)).Guid;
        if (call == "renew")
        {
            await WriteAsync(context, await enrolment.RenewAsync(node, await ReadAsync(context, Json.RenewRequest), address, gone), Json.RenewAnswer);
            return;
        }

        // An appliance works for itself; a node has no appliance behind it.
        await (await appliances.IsApplianceAsync(node, gone) ? AnswerApplianceAsync(context, call, node) : AnswerNodeAsync(context, call, node));
    }

    private async Task AnswerApplianceAsync(HttpContext context, string call, Guid appliance)
    {
        CancellationToken gone = context.RequestAborted;
        switch (call)
        {
            case "feed":
                await WriteAsync(context, await appliances.FeedAsync(appliance, await ReadAsync(context, Json.FeedBatch), gone), Json.FeedAnswer);
                return;
            case "calls":
                await WriteAsync(context, await joined.TakeAsync(appliance, await ReadAsync(context, Json.CallsQuestion), gone), Json.CallsAnswer);
                return;
            case "answer":
                await appliances.AnswerAsync(appliance, context);
                await WriteAsync(context, new EmptyMessage(), Json.EmptyMessage);
                return;
            case "leave":
                await appliances.LeaveAsync(appliance, context.Connection.RemoteIpAddress?.ToString(), gone);
                await WriteAsync(context, new EmptyMessage(), Json.EmptyMessage);
                return;
            default:
                throw NotAsked();
        }
    }

    private async Task AnswerNodeAsync(HttpContext context, string call, Guid node)
    {
        CancellationToken gone = context.RequestAborted;
        INodeChannel own = channel.For(node);
        switch (call)
        {
            case "lease":
                await WriteAsync(context, new LeaseAnswer(await LeaseAsync(context, own, node)), Json.LeaseAnswer);
                return;
            case "stops":
                await WriteAsync(context, new StopsAnswer(await own.WaitForStopsAsync(gone)), Json.StopsAnswer);
                return;
            case "report":
                await WriteAsync(context, new ReportAnswer(await own.ReportAsync(await ReadAsync(context, Json.TaskReport), gone)), Json.ReportAnswer);
                return;
            case "complete":
                await own.CompleteAsync(await ReadAsync(context, Json.TaskOutcome), gone);
                await WriteAsync(context, new EmptyMessage(), Json.EmptyMessage);
                return;
            default:
                throw NotAsked();
        }
    }

    private static VProtectException NotAsked() =>
        new(ErrorCode.NoSuchEndpoint, ErrorSide.Request, "Nodes do not ask this here.", "Use the same version on server and node.", RetryAdvice.Later);

    /// <summary>An order whose answer was lost is given again, to the same question only.</summary>
    private async Task<TaskOrder?> LeaseAsync(HttpContext context, INodeChannel own, Guid node)
    {
        string question = context.Request.Headers[NodeWire.LeaseHeader].ToString();
        NodeStatus status = await ReadAsync(context, Json.NodeStatus);
        if (_given.TryGetValue(node, out (string Question, TaskOrder Order) last))
        {
            if (question.Length > 0 && last.Question == question)
            {
                return last.Order;
            }

            _given.TryRemove(node, out _);
        }

        TaskOrder? order = await own.LeaseAsync(status, context.RequestAborted);
        if (order is not null)
        {
            _given[node] = (question, order);
        }

        return order;
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class =>
        await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) ?? throw new JsonException("It is null.");

    private static Task WriteAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static Task RefuseAsync(HttpContext context, VProtectException failure)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = failure.Code switch
        {
            ErrorCode.Forbidden => StatusCodes.Status403Forbidden,
            ErrorCode.NoSuchEndpoint => StatusCodes.Status404NotFound,
            _ when failure.Side == ErrorSide.Request => StatusCodes.Status400BadRequest,
            _ => StatusCodes.Status503ServiceUnavailable,
        };
        return WriteAsync(context, new WireProblem(failure.Code, failure.Side, failure.Message, failure.Guidance, failure.Retry), Json.WireProblem);
    }

    private static partial class Log
    {
        [LoggerMessage(5382, LogLevel.Error, "A node's call of {Path} failed in a way that is not foreseen")]
        public static partial void Failed(ILogger logger, Exception exception, string path);
    }
}
